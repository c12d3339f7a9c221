import { groupedBy, kindOf, splitQuery } from "../lib/querytext";
import { Button, MenuItem, Popover } from "../ui/controls";
import { queryFor, vizOf, type VizId } from "../viz/registry";
import type { FieldInfo } from "./useFieldCounts";

/** VizOptions chooses what a chart groups by, and what it computes, by rewriting the query's last part. */
export function VizOptions({ query, viz, fields, onQuery }: { query: string; viz: VizId; fields: FieldInfo[]; onQuery: (q: string) => void }) {
  const about = vizOf(viz);
  const clauses = splitQuery(query);
  if (!about.clause || about.by === 0 || kindOf(clauses) === "records") return null;
  // Only queries whose grouping these menus could have written are theirs to change.
  const grouping = clauses.filter((c) => !["search", "sort", "where", "fields"].includes(c.name));
  const last = grouping.at(-1);
  if (!last || grouping.length !== 1 || !["stats", "timestats", "link", "distinct"].includes(last.name)) return null;
  const by = groupedBy(last.text.replace(/^(link|distinct)\b/i, "x by"));
  const value = /^(?:time)?stats\s+(\w+(?:\([^)]*\))?)/i.exec(last.text)?.[1] ?? "count";
  const names = fields.map((f) => f.name).filter((n) => n !== "Time" && !by.includes(n)).sort();
  const numbers = fields.filter((f) => ["LONG", "DOUBLE", "INTEGER", "FLOAT"].includes(f.type)).map((f) => f.name);
  const set = (next: string[], v = value) => onQuery(queryFor(query, viz, "Log Source", next, v));
  return (
    <span className="row viz-options" aria-label="Options of the chart">
      {by.map((name) => (
        <span key={name} className="tag accent">
          {name}
          {(by.length > 1 || viz === "line" || viz === "area" || viz === "bar") && (
            <button type="button" className="tag-x" aria-label={`Do not group by ${name}`} onClick={() => set(by.filter((b) => b !== name))}>×</button>
          )}
        </span>
      ))}
      {by.length < about.by && (
        <Popover label="Group by" trigger={(p) => <Button {...p} small kind="quiet" icon="plus">Group by</Button>}>
          {(close) => names.map((n) => <MenuItem key={n} onClick={() => (close(), set([...by, n]))}>{n}</MenuItem>)}
        </Popover>
      )}
      {by.length > 0 && by.length >= about.by && about.by === 1 && (
        <Popover label="Group by" trigger={(p) => <Button {...p} small kind="quiet">Change</Button>}>
          {(close) => names.map((n) => <MenuItem key={n} onClick={() => (close(), set([n]))}>{n}</MenuItem>)}
        </Popover>
      )}
      {last.name !== "link" && last.name !== "distinct" && (
        <Popover label="Value" trigger={(p) => <Button {...p} small kind="quiet">{value}</Button>}>
          {(close) => (
            <>
              <MenuItem checked={value === "count"} onClick={() => (close(), set(by, "count"))}>count</MenuItem>
              {names.slice(0, 40).map((n) => {
                const v = `distinctcount('${n}')`;
                return numbers.includes(n) ? null : <MenuItem key={v} onClick={() => (close(), set(by, v))}>{v}</MenuItem>;
              })}
              {numbers.flatMap((n) => ["sum", "avg", "max"].map((f) => <MenuItem key={f + n} onClick={() => (close(), set(by, `${f}('${n}')`))}>{`${f}('${n}')`}</MenuItem>))}
            </>
          )}
        </Popover>
      )}
    </span>
  );
}
