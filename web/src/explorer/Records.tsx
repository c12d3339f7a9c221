import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useMemo, useRef, useState } from "react";
import type { Column, Result } from "../api/client";
import { valueText } from "../lib/format";
import { formatTime } from "../lib/time";
import { Icon } from "../ui/icons";
import { Text, visible } from "../ui/Text";
import type { FieldActions } from "./FieldPanel";
import { RecordDetail } from "./RecordDetail";
import { bulky, columnAt } from "./useExplorer";

type Props = { result: Result; zone: string; columns: string[]; actions: FieldActions; fresh?: number };

/** Records lists records, newest first, each with its text and some fields. One unfolds to all of it. */
export function Records({ result, zone, columns, actions, fresh }: Props) {
  const scroll = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const [focus, setFocus] = useState(0);
  const rows = result.rows;
  // The same records may come again with more fields: what is unfolded stays so.
  useEffect(() => {
    setOpen(new Set());
    setFocus(0);
  }, [result.from, result.to, rows.length]);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroll.current, estimateSize: () => 74, overscan: 6 });
  const at = useMemo(
    () => ({
      time: columnAt(result.columns, "Time"),
      text: columnAt(result.columns, "Original Log Content"),
      summary: summaryColumns(result.columns, rows, columns),
    }),
    [result.columns, rows, columns],
  );
  const toggle = (i: number) => {
    const next = new Set(open);
    if (!next.delete(i)) next.add(i);
    setOpen(next);
  };
  const go = (i: number) => {
    const to = Math.max(0, Math.min(rows.length - 1, i));
    setFocus(to);
    virtual.scrollToIndex(to);
    const head = () => scroll.current?.querySelector<HTMLElement>(`[data-index="${to}"] .record-head`);
    if (head()) head()?.focus();
    else requestAnimationFrame(() => head()?.focus());
  };
  return (
    <div className="records" ref={scroll} role="feed" aria-label="Records" aria-busy={false} tabIndex={-1}>
      <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {virtual.getVirtualItems().map((v) => {
          const row = rows[v.index]!;
          const time = Number(row[at.time]);
          return (
            <article
              key={v.key}
              data-index={v.index}
              ref={virtual.measureElement}
              className={"record" + (fresh !== undefined && time >= fresh ? " fresh" : "")}
              aria-posinset={v.index + 1}
              aria-setsize={rows.length}
              aria-label={at.time >= 0 ? `Record of ${formatTime(time, zone)}` : `Record ${v.index + 1}`}
              style={{ transform: `translateY(${v.start}px)` }}
            >
              <button
                type="button"
                className="record-head"
                aria-expanded={open.has(v.index)}
                tabIndex={v.index === focus ? 0 : -1}
                onFocus={() => setFocus(v.index)}
                onClick={() => toggle(v.index)}
                onKeyDown={(e) => {
                  if (e.key === "ArrowDown" || e.key === "ArrowUp") {
                    e.preventDefault();
                    go(v.index + (e.key === "ArrowDown" ? 1 : -1));
                  }
                }}
              >
                <Icon name={open.has(v.index) ? "down" : "right"} size={13} />
                <time className="mono">{at.time >= 0 ? formatTime(time, zone) : ""}</time>
              </button>
              <div className="record-main">
                {at.text >= 0 && !open.has(v.index) && <div className="record-text mono">{visible(oneLine(String(row[at.text] ?? "")))}</div>}
                <Summary row={row} columns={result.columns} at={at.summary} zone={zone} actions={actions} />
                {open.has(v.index) && <RecordDetail row={row} columns={result.columns} zone={zone} actions={actions} shown={columns} />}
              </div>
            </article>
          );
        })}
      </div>
    </div>
  );
}

/** oneLine is the beginning of a text, its white space folded. */
function oneLine(text: string): string {
  return text.slice(0, 1200).replace(/\s+/g, " ");
}

/** summaryColumns are those chosen, or else the first eight that differ between records. */
function summaryColumns(columns: Column[], rows: unknown[][], chosen: string[]): number[] {
  if (chosen.length > 0) return chosen.map((name) => columnAt(columns, name)).filter((i) => i >= 0);
  const dull = new Set(["Time", "Log Group", "Log Origin", "Upload Name", "Upload ID", "Record Number", "Entity Type", "Time Assumed"]);
  const sample = rows.slice(0, 200);
  const found: { i: number; weight: number }[] = [];
  columns.forEach((c, i) => {
    if (c.hidden || bulky.has(c.name) || dull.has(c.name) || c.type === "TIMESTAMP") return;
    const values = new Set<unknown>();
    let n = 0;
    for (const r of sample) {
      if (r[i] === null || r[i] === undefined) continue;
      n++;
      values.add(Array.isArray(r[i]) ? String(r[i]) : r[i]);
    }
    if (n === 0) return;
    if (values.size > 1 || c.name === "Log Source") found.push({ i, weight: n * (c.name === "Log Source" ? 3 : 1) });
  });
  return found
    .sort((a, b) => b.weight - a.weight || a.i - b.i)
    .slice(0, 8)
    .map((f) => f.i);
}

const Summary = memo(function Summary({ row, columns, at, zone, actions }: { row: unknown[]; columns: Column[]; at: number[]; zone: string; actions: FieldActions }) {
  return (
    <div className="record-fields">
      {at.map((i) => {
        const v = row[i];
        if (v === null || v === undefined) return null;
        const c = columns[i]!;
        return (
          <span key={i}>
            <span className="muted">{c.name}</span>{" "}
            <button type="button" className="cell-link" tabIndex={-1} onClick={() => actions.filter(c.original ?? c.name, Array.isArray(v) ? v[0] : v, false)} title={`Only records with this ${c.name}`}>
              <Text value={valueText(v, c, zone).slice(0, 160)} />
            </button>
          </span>
        );
      })}
    </div>
  );
});
