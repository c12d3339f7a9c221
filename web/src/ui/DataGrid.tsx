import { getCoreRowModel, getSortedRowModel, useReactTable, type ColumnDef, type SortingState } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useMemo, useRef, useState, type CSSProperties, type KeyboardEvent, type ReactNode } from "react";
import { textScale } from "../lib/scale";
import { useStored } from "./controls";

export type GridColumn<T> = {
  id: string;
  name: string;
  value: (row: T) => unknown; // what is sorted by
  cell?: (row: T) => ReactNode; // what is shown; the value when absent
  width?: number;
  numeric?: boolean;
};

type Props<T> = { columns: GridColumn<T>[]; rows: T[]; label: string; onRow?: (row: T, index: number) => void; selected?: number; remember?: string; height?: number | string; rowHeight?: number };

/** DataGrid is a table of any length: only the rows in sight are made. Columns are sorted by a click and resized by a drag, or by the arrow keys. */
export function DataGrid<T>({ columns, rows, label, onRow, selected, remember = "grid", height = "100%", rowHeight: normalHeight = 29 }: Props<T>) {
  const [scale] = useState(textScale);
  const rowHeight = Math.round(normalHeight * scale);
  const [sorting, setSorting] = useState<SortingState>([]);
  const [widths, setWidths] = useStored<Record<string, number>>("widths." + remember, {});
  const scroll = useRef<HTMLDivElement>(null);
  const defs = useMemo<ColumnDef<T>[]>(
    () => columns.map((c) => ({ id: c.id, accessorFn: c.value, sortUndefined: "last", sortDescFirst: c.numeric ?? false, sortingFn: c.numeric ? "basic" : "alphanumeric" })),
    [columns],
  );
  const table = useReactTable({ data: rows, columns: defs, state: { sorting }, onSortingChange: setSorting, getCoreRowModel: getCoreRowModel(), getSortedRowModel: getSortedRowModel() });
  const list = table.getRowModel().rows;
  const virtual = useVirtualizer({ count: list.length, getScrollElement: () => scroll.current, estimateSize: () => rowHeight, overscan: 12 });
  const [drag, setDrag] = useState<{ id: string; width: number }>();
  // What is left of the width is the last column's, or the first one's if numbers are last; one that was given a width keeps it.
  const flexible = columns.at(-1)?.numeric ? 0 : columns.length - 1;
  const widthOf = (c: GridColumn<T>) => (drag?.id === c.id ? drag.width : (widths[c.id] ?? Math.round((c.width ?? (c.numeric ? 120 : 200)) * scale)));
  const style = (c: GridColumn<T>, i: number) => (i === flexible && !c.numeric && drag?.id !== c.id && widths[c.id] === undefined ? { flex: `1 0 ${widthOf(c)}px`, width: widthOf(c) } : { width: widthOf(c) });
  const styles = useMemo(() => columns.map(style), [columns, widths, drag, scale]);
  const resize = (c: GridColumn<T>, to: number) => setWidths({ ...widths, [c.id]: Math.max(60, Math.min(to, 1600)) });

  const onKey = (e: KeyboardEvent) => {
    if (e.target !== scroll.current) return;
    const page = scroll.current!.clientHeight - rowHeight * 2;
    const by: Record<string, number> = { ArrowDown: rowHeight, ArrowUp: -rowHeight, PageDown: page, PageUp: -page };
    if (by[e.key] !== undefined) {
      scroll.current!.scrollTop += by[e.key]!;
      e.preventDefault();
    }
  };

  return (
    <div className="grid" ref={scroll} style={{ height }} tabIndex={0} role="grid" aria-label={label} aria-rowcount={list.length + 1} onKeyDown={onKey} data-rows={list.length}>
      <div className="grid-head" role="row" aria-rowindex={1}>
        {columns.map((c, i) => {
          const sorted = sorting.find((s) => s.id === c.id);
          return (
            <div key={c.id} className={"grid-cell" + (c.numeric ? " num" : "")} style={styles[i]} role="columnheader" aria-sort={sorted ? (sorted.desc ? "descending" : "ascending") : "none"}>
              <button type="button" className="grid-sort" title={c.name} onClick={() => table.getColumn(c.id)?.toggleSorting()}>
                {c.name} {sorted ? (sorted.desc ? "↓" : "↑") : ""}
              </button>
              <span
                className={"grid-resize" + (drag?.id === c.id ? " on" : "")}
                role="separator"
                aria-orientation="vertical"
                aria-label={`Width of ${c.name}`}
                aria-valuenow={widthOf(c)}
                tabIndex={0}
                onKeyDown={(e) => {
                  if (e.key === "ArrowLeft" || e.key === "ArrowRight") {
                    resize(c, e.currentTarget.parentElement!.offsetWidth + (e.key === "ArrowLeft" ? -16 : 16));
                    e.preventDefault();
                  }
                }}
                onPointerDown={(e) => {
                  const from = e.clientX,
                    start = e.currentTarget.parentElement!.offsetWidth;
                  e.currentTarget.setPointerCapture(e.pointerId);
                  setDrag({ id: c.id, width: start });
                  const move = (m: globalThis.PointerEvent) => setDrag({ id: c.id, width: Math.max(60, start + m.clientX - from) });
                  const target = e.currentTarget;
                  const up = (m: globalThis.PointerEvent) => {
                    target.removeEventListener("pointermove", move);
                    target.removeEventListener("pointerup", up);
                    setDrag(undefined);
                    resize(c, start + m.clientX - from);
                  };
                  target.addEventListener("pointermove", move);
                  target.addEventListener("pointerup", up);
                }}
              />
            </div>
          );
        })}
      </div>
      <div className="grid-body" style={{ height: virtual.getTotalSize() }} role="rowgroup">
        {virtual.getVirtualItems().map((v) => {
          const row = list[v.index]!;
          return <Row key={row.id} item={row.original} index={row.index} place={v.index} start={v.start} height={v.size} columns={columns} styles={styles} onRow={onRow} selected={onRow ? selected === row.index : undefined} />;
        })}
      </div>
    </div>
  );
}

type RowProps<T> = { item: T; index: number; place: number; start: number; height: number; columns: GridColumn<T>[]; styles: CSSProperties[]; onRow?: (row: T, index: number) => void; selected?: boolean };

// While the table is scrolled, only rows that come into sight are made.
const Row = memo(function Row<T>({ item, index, place, start, height, columns, styles, onRow, selected }: RowProps<T>) {
  return (
    <div
      className={"grid-row" + (onRow ? " clickable" : "")}
      role="row"
      aria-rowindex={place + 2}
      aria-selected={selected}
      tabIndex={onRow ? 0 : undefined}
      style={{ transform: `translateY(${start}px)`, height }}
      onClick={onRow && (() => onRow(item, index))}
      onKeyDown={onRow && ((e) => e.key === "Enter" && e.target === e.currentTarget && onRow(item, index))}
    >
      {columns.map((c, i) => (
        <div key={c.id} className={"grid-cell" + (c.numeric ? " num" : "")} style={styles[i]} role="gridcell">
          {c.cell ? c.cell(item) : String(c.value(item) ?? "")}
        </div>
      ))}
    </div>
  );
}) as <T>(props: RowProps<T>) => ReactNode;
