import { useQuery } from "@tanstack/react-query";
import { api } from "../api/client";
import { number, plural } from "../lib/format";
import { quote } from "../lib/querytext";
import { Button, ErrorNotice, Spinner } from "../ui/controls";
import { visible } from "../ui/Text";
import type { FieldActions } from "./FieldPanel";
import type { FieldInfo } from "./useFieldCounts";

const MOST = 1000; // values that are counted

/** TopValues are a field's commonest values, asked for when it is unfolded. A click keeps or leaves out their records. */
export function TopValues({ field, records, from, to, actions }: { field: FieldInfo; records: string; from: string; to: string; actions: FieldActions }) {
  const q = useQuery({
    queryKey: ["values", field.name, records, from, to],
    enabled: field.type !== "TIMESTAMP",
    queryFn: async ({ signal }) => {
      const name = quote(field.name);
      const r = await api.query({ query: `${records} | stats count as Records by ${name} | sort -Records`, from, to, limit: MOST }, signal);
      const rows = r.rows.map((row) => ({ value: row[0], count: Number(row[1]) })).filter((v) => v.value !== null);
      return { top: rows.slice(0, 10), distinct: r.rows.length < MOST ? rows.length : undefined };
    },
  });
  if (field.type === "TIMESTAMP") return <p className="values muted">Times are chosen with the time range.</p>;
  if (q.isPending) return <div className="values"><Spinner label="Counting values" /></div>;
  if (q.isError) return <div className="values"><ErrorNotice error={q.error} /></div>;
  if (q.data.top.length === 0) return <p className="values muted">No record found has a value.</p>;
  const most = Math.max(...q.data.top.map((v) => v.count), 1);
  return (
    <div className="values">
      {q.data.top.map((v) => (
        <div key={String(v.value)} className="value">
          <button type="button" className="value-name" onClick={() => actions.filter(field.name, v.value, false)} title={`Only these records: ${String(v.value).slice(0, 300)}`}>
            <span className="bar" style={{ width: `${(v.count / most) * 100}%` }} />
            <span className="ellipsis grow">{visible(String(v.value).slice(0, 300))}</span>
            <span className="num">{number(v.count)}</span>
          </button>
          <Button kind="quiet" small icon="exclude" label={`Exclude ${String(v.value).slice(0, 60)}`} onClick={() => actions.filter(field.name, v.value, true)} />
        </div>
      ))}
      <span className="muted">{q.data.distinct === undefined ? `more than ${number(MOST)} values` : q.data.distinct > 10 ? `10 of ${plural(q.data.distinct, "value")}` : plural(q.data.distinct, "value")}</span>
    </div>
  );
}
