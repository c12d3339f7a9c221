import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api } from "../api/client";
import { number, plural } from "../lib/format";
import { quote } from "../lib/querytext";
import { Button, Empty, ErrorNotice, MenuItem, Popover, Spinner, useStored } from "../ui/controls";
import { visible } from "../ui/Text";
import type { FieldCount } from "./useExplorer";

export type FieldActions = {
  filter: (field: string, value: unknown, not: boolean) => void;
  group: (field: string) => void;
  toggleColumn: (field: string) => void;
};

type Props = { counts: FieldCount[]; total: number; records: string; from: string; to: string; columns: string[]; actions: FieldActions; loading: boolean; error: unknown };

const glyph: Record<string, string> = { STRING: "a", LONG: "#", INTEGER: "#", DOUBLE: "#", FLOAT: "#", TIMESTAMP: "◷", BOOLEAN: "?" };

/** FieldPanel lists the fields of the records found, and of each its commonest values. */
export function FieldPanel({ counts, total, records, from, to, columns, actions, loading, error }: Props) {
  const [find, setFind] = useState("");
  const [open, setOpen] = useState<string>();
  const [pinned, setPinned] = useStored<string[]>("pinned", []);
  const list = useMemo(() => {
    const wanted = find.toLowerCase();
    return counts.filter((f) => f.name.toLowerCase().includes(wanted)).sort((a, b) => a.name.localeCompare(b.name));
  }, [counts, find]);
  const sections = [
    { title: "Pinned", fields: list.filter((f) => pinned.includes(f.name)) },
    { title: "Fields", fields: list.filter((f) => !pinned.includes(f.name)) },
  ].filter((s) => s.fields.length > 0);
  return (
    <aside className="fields" aria-label="Fields">
      <div className="fields-find">
        <input className="input" placeholder="Find a field" aria-label="Find a field" value={find} onChange={(e) => setFind(e.target.value)} />
      </div>
      <div className="fields-list">
        {error !== null && <ErrorNotice error={error} />}
        {counts.length === 0 && loading && <div className="empty"><Spinner label="Counting fields" /></div>}
        {counts.length === 0 && !loading && error === null && <Empty title="No fields">No record was found.</Empty>}
        {counts.length > 0 && list.length === 0 && <Empty title="No such field" />}
        {sections.map((s) => (
          <section key={s.title}>
            {(sections.length > 1 || pinned.length > 0) && <h2>{s.title}</h2>}
            {s.fields.map((f) => (
              <div key={f.name} className="field-item" data-open={open === f.name}>
                <div className="field-head">
                  <button type="button" className="field-name" aria-expanded={open === f.name} onClick={() => setOpen(open === f.name ? undefined : f.name)} title={`${f.name}, ${f.type.toLowerCase()}${f.list ? ", several values" : ""}: in ${plural(f.count, "record")}`}>
                    <span className="glyph" aria-hidden="true">{glyph[f.type] ?? "·"}</span>
                    <span className="ellipsis grow">{f.name}</span>
                    <span className="muted num">{f.count === total ? "" : share(f.count, total)}</span>
                  </button>
                  <Popover label={`Field ${f.name}`} align="right" trigger={(p) => <Button {...p} kind="quiet" small icon="more" label={`Actions for ${f.name}`} />}>
                    {(close) => (
                      <>
                        <div className="title">{f.name}</div>
                        <MenuItem icon="group" onClick={() => (close(), actions.group(f.name))}>Group by it</MenuItem>
                        <MenuItem icon="filter" onClick={() => (close(), actions.filter(f.name, null, true))}>Only records that have it</MenuItem>
                        <MenuItem icon="columns" onClick={() => (close(), actions.toggleColumn(f.name))}>{columns.includes(f.name) ? "Remove the column" : "Show as a column"}</MenuItem>
                        <MenuItem icon="pin" onClick={() => (close(), setPinned(pinned.includes(f.name) ? pinned.filter((p) => p !== f.name) : [...pinned, f.name]))}>{pinned.includes(f.name) ? "Unpin" : "Pin to the top"}</MenuItem>
                      </>
                    )}
                  </Popover>
                </div>
                {open === f.name && <TopValues field={f} records={records} from={from} to={to} actions={actions} />}
              </div>
            ))}
          </section>
        ))}
      </div>
    </aside>
  );
}

function share(n: number, of: number): string {
  const p = (n / Math.max(1, of)) * 100;
  return p < 1 ? "<1 %" : `${Math.round(p)} %`;
}

function TopValues({ field, records, from, to, actions }: { field: FieldCount; records: string; from: string; to: string; actions: FieldActions }) {
  const q = useQuery({
    queryKey: ["values", field.name, records, from, to],
    enabled: field.type !== "TIMESTAMP",
    queryFn: async ({ signal }) => {
      const name = quote(field.name);
      const r = await api.query({ query: `${records} | stats count as Records by ${name} | sort -Records`, from, to, limit: 1000 }, signal);
      const rows = r.rows.map((row) => ({ value: row[0], count: Number(row[1]) })).filter((v) => v.value !== null);
      return { top: rows.slice(0, 10), distinct: r.rows.length < 1000 ? rows.length : undefined };
    },
  });
  if (field.type === "TIMESTAMP") return <p className="values muted">Times are chosen with the time range.</p>;
  if (q.isPending) return <div className="values"><Spinner label="Counting values" /></div>;
  if (q.isError) return <div className="values"><ErrorNotice error={q.error} /></div>;
  const most = Math.max(...q.data.top.map((v) => v.count), 1);
  return (
    <div className="values">
      {q.data.top.map((v) => (
        <div key={String(v.value)} className="value">
          <button type="button" className="value-name" onClick={() => actions.filter(field.name, v.value, false)} title="Only these records">
            <span className="bar" style={{ width: `${(v.count / most) * 100}%` }} />
            <span className="ellipsis grow">{visible(String(v.value).slice(0, 300))}</span>
            <span className="num">{number(v.count)}</span>
          </button>
          <Button kind="quiet" small icon="exclude" label={`Exclude ${String(v.value).slice(0, 60)}`} onClick={() => actions.filter(field.name, v.value, true)} />
        </div>
      ))}
      <span className="muted">{q.data.distinct === undefined ? "more than 1,000 values" : q.data.distinct > 10 ? `10 of ${plural(q.data.distinct, "value")}` : plural(q.data.distinct, "value")}</span>
    </div>
  );
}
