import { useEffect, useMemo, useRef, useState } from "react";
import type { Column } from "../api/client";
import { compact, plural } from "../lib/format";
import { Button, Empty, ErrorNotice, MenuItem, Popover, Spinner, useStored } from "../ui/controls";
import { TopValues } from "./TopValues";
import { useFieldCounts, type FieldInfo } from "./useFieldCounts";

export type FieldActions = {
  filter: (field: string, value: unknown, not: boolean) => void;
  group: (field: string) => void;
  toggleColumn: (field: string) => void;
  whole?: (row: unknown[], columns: Column[], signal: AbortSignal) => Promise<{ row: unknown[]; columns: Column[] }>; // when records came with some of their fields
};

type Props = { fields: FieldInfo[]; records: string; from: string; to: string; columns: string[]; actions: FieldActions; loading: boolean; live: boolean; failed: boolean; error: unknown }; // failed: the page says beside the panel that nothing is known

const glyph: Record<string, string> = { STRING: "a", LONG: "#", INTEGER: "#", DOUBLE: "#", FLOAT: "#", TIMESTAMP: "◷", BOOLEAN: "?" };

/** FieldPanel lists the fields of the records found, in how many records each is, and its commonest values. */
export function FieldPanel({ fields, records, from, to, columns, actions, loading, live, failed, error }: Props) {
  const [find, setFind] = useState("");
  const [open, setOpen] = useState<string>();
  const [pinned, setPinned] = useStored<string[]>("pinned", []);
  const { counts, total, error: uncounted, see } = useFieldCounts(fields, records, from, to, !live);
  const list = fields.filter((f) => counts.get(f.name) !== 0 && f.name.toLowerCase().includes(find.toLowerCase()));
  const sections = [
    { title: "Pinned", fields: list.filter((f) => pinned.includes(f.name)) },
    { title: "Fields", fields: list.filter((f) => !pinned.includes(f.name)) },
  ].filter((s) => s.fields.length > 0);
  const place = useRef<HTMLDivElement>(null);
  const watch = useWatch(place, see);
  const problem = error ?? uncounted;
  return (
    <aside className="fields" aria-label="Fields">
      <div className="fields-find">
        <input className="input" placeholder="Find a field" aria-label="Find a field" value={find} onChange={(e) => setFind(e.target.value)} />
      </div>
      <div className="fields-list" ref={place}>
        {problem !== null && <ErrorNotice error={problem} />}
        {fields.length === 0 && loading && <div className="empty"><Spinner label="Looking for fields" /></div>}
        {fields.length === 0 && !loading && !failed && problem === null && <Empty title="No fields" />}
        {fields.length > 0 && list.length === 0 && <Empty title={find === "" ? "No fields" : "No such field"} />}
        {sections.map((s) => (
          <section key={s.title}>
            {(sections.length > 1 || pinned.length > 0) && <h2>{s.title}</h2>}
            {s.fields.map((f) => {
              const n = counts.get(f.name);
              return (
                <div key={f.name} className="field-item" data-open={open === f.name} data-field={f.name} ref={watch}>
                  <div className="field-head">
                    <button
                      type="button" className="field-name" aria-expanded={open === f.name} onClick={() => setOpen(open === f.name ? undefined : f.name)}
                      title={`${f.name}, ${f.type.toLowerCase()}${f.list ? ", several values" : ""}${n === undefined ? "" : `: in ${plural(n, "record")}, ${share(n, total ?? n)}`}`}
                    >
                      <span className="glyph" aria-hidden="true">{glyph[f.type] ?? "·"}</span>
                      <span className="ellipsis grow">{f.name}</span>
                      <span className="muted num" data-count={n}>{n === undefined ? "" : compact(n)}</span>
                    </button>
                    <Popover label={`Field ${f.name}`} align="right" trigger={(p) => <Button {...p} kind="quiet" small icon="more" label={`Actions for ${f.name}`} />}>
                      {(close) => (
                        <>
                          <div className="title">{f.name}</div>
                          <MenuItem icon="group" onClick={() => (close(), actions.group(f.name))}>Group by it</MenuItem>
                          <MenuItem icon="filter" onClick={() => (close(), actions.filter(f.name, null, true))}>Only records that have it</MenuItem>
                          <MenuItem icon="exclude" onClick={() => (close(), actions.filter(f.name, null, false))}>Only records without it</MenuItem>
                          <MenuItem icon="columns" onClick={() => (close(), actions.toggleColumn(f.name))}>{columns.includes(f.name) ? "Remove the column" : "Show as a column"}</MenuItem>
                          <MenuItem icon="pin" onClick={() => (close(), setPinned(pinned.includes(f.name) ? pinned.filter((p) => p !== f.name) : [...pinned, f.name]))}>{pinned.includes(f.name) ? "Unpin" : "Pin to the top"}</MenuItem>
                        </>
                      )}
                    </Popover>
                  </div>
                  {open === f.name && <TopValues field={f} records={records} from={from} to={to} actions={actions} />}
                </div>
              );
            })}
          </section>
        ))}
      </div>
    </aside>
  );
}

/** useWatch tells which fields come into sight in a place; it returns what their elements take as ref. */
function useWatch(place: React.RefObject<HTMLElement | null>, see: (field: string) => void) {
  const latest = useRef(see);
  latest.current = see;
  const items = useRef(new Set<HTMLElement>());
  const observer = useRef<IntersectionObserver>(null);
  useEffect(() => {
    const o = new IntersectionObserver((list) => {
      for (const e of list) if (e.isIntersecting && e.target instanceof HTMLElement) latest.current(e.target.dataset.field ?? "");
    }, { root: place.current, rootMargin: "120px" });
    for (const item of items.current) o.observe(item);
    observer.current = o;
    return () => o.disconnect();
    // again when other fields have other batches
  }, [place, see]);
  return useMemo(
    () => (item: HTMLElement | null) => {
      if (!item) return;
      items.current.add(item);
      observer.current?.observe(item);
      return () => {
        items.current.delete(item);
        observer.current?.unobserve(item);
      };
    },
    [],
  );
}

function share(n: number, of: number): string {
  const p = (n / Math.max(1, of)) * 100;
  return p < 1 ? "<1 %" : `${Math.round(p)} %`;
}
