import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { Column } from "../api/client";
import { valueText } from "../lib/format";
import { cut } from "../lib/hostile";
import { Button, ErrorNotice, Spinner } from "../ui/controls";
import { Text, visible } from "../ui/Text";
import type { FieldActions } from "./FieldPanel";
import { bulky, columnAt } from "./useExplorer";

type Props = { row: unknown[]; columns: Column[]; zone: string; actions: FieldActions; shown: string[] };

/** RecordDetail is all there is of a record: its fields, and its text as it came or as indented JSON. */
export function RecordDetail({ row: given, columns: known, zone, actions, shown }: Props) {
  const { whole } = actions;
  const more = useQuery({ queryKey: ["whole", given], enabled: whole !== undefined, gcTime: 0, queryFn: ({ signal }) => whole!(given, known, signal) });
  const { row, columns } = more.data ?? { row: given, columns: known };
  const original = String(row[columnAt(columns, "Original Log Content")] ?? "");
  const json = useMemo(() => parse(original), [original]);
  const [tab, setTab] = useState<"fields" | "json" | "text">("fields");
  const tabs = [["fields", "Fields"], ...(json !== undefined ? [["json", "JSON"]] : []), ...(original ? [["text", "Original text"]] : [])] as ["fields" | "json" | "text", string][];
  const fields = columns.map((c, i) => ({ c, v: row[i] })).filter(({ c, v }) => v !== null && v !== undefined && c.name !== "Original Log Content").sort((a, b) => a.c.name.localeCompare(b.c.name));
  return (
    <div className="detail">
      <div className="row detail-bar">
        <div className="tabs grow" role="tablist" aria-label="Record">
          {tabs.map(([id, name]) => (
            <button key={id} type="button" role="tab" aria-selected={tab === id} onClick={() => setTab(id)}>
              {name}
            </button>
          ))}
        </div>
        {more.isFetching && <Spinner label="Loading the other fields" />}
        {original && <Button kind="quiet" small icon="copy" label="Copy the original text" onClick={() => void navigator.clipboard?.writeText(original)} />}
      </div>
      {more.isError && <div className="pad"><ErrorNotice error={more.error} /></div>}
      {tab === "fields" && (
        <table className="detail-fields">
          <tbody>
            {fields.map(({ c, v }) => {
              const name = c.original ?? c.name;
              const one = Array.isArray(v) ? v[0] : v;
              return (
                <tr key={c.name}>
                  <th scope="row">{c.name}</th>
                  <td>
                    {bulky.has(c.name) ? (
                      <Text value={valueText(v, c, zone)} />
                    ) : (
                      <button type="button" className="cell-link wrap" onClick={() => actions.filter(name, one, false)} title="Only records with this value">
                        <Text value={valueText(v, c, zone)} />
                      </button>
                    )}
                  </td>
                  <td className="detail-actions">
                    <Button kind="quiet" small icon="filter" label={`Only this ${c.name}`} onClick={() => actions.filter(name, one, false)} />
                    <Button kind="quiet" small icon="exclude" label={`Exclude this ${c.name}`} onClick={() => actions.filter(name, one, true)} />
                    <Button kind="quiet" small icon="group" label={`Group by ${c.name}`} onClick={() => actions.group(name)} />
                    <Button kind="quiet" small icon="columns" label={shown.includes(c.name) ? `Remove the column ${c.name}` : `Show ${c.name} as a column`} aria-pressed={shown.includes(c.name)} onClick={() => actions.toggleColumn(c.name)} />
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      {tab === "json" && json !== undefined && <Json value={json} />}
      {tab === "text" && (
        <pre className="detail-text">
          <Text value={original} limit={20_000} />
        </pre>
      )}
    </div>
  );
}

function parse(text: string): unknown {
  if (text.length > 2_000_000 || !/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Json writes a value indented, with colours; a long one waits for a click. */
function Json({ value }: { value: unknown }) {
  const [all, setAll] = useState(false);
  const text = useMemo(() => JSON.stringify(value, null, 2), [value]);
  const shown = all ? text : cut(text, 20_000);
  const parts = shown.split(/("(?:[^"\\]|\\.)*"(?:\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b)/);
  return (
    <pre className="detail-text">
      {parts.map((p, i) => {
        if (i % 2 === 0) return p;
        const kind = p.startsWith('"') ? (p.endsWith(":") ? "key" : "string") : "number";
        return (
          <span key={i} className={"json-" + kind}>
            {visible(p)}
          </span>
        );
      })}
      {shown.length < text.length && (
        <button type="button" className="link" onClick={() => setAll(true)}>
          … show all {text.length.toLocaleString("en-US")} characters
        </button>
      )}
    </pre>
  );
}
