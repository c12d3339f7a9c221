import { useMemo } from "react";
import type { Column, Result } from "../api/client";
import { isNumeric, isTime, valueText } from "../lib/format";
import { DataGrid, type GridColumn } from "../ui/DataGrid";
import { visible } from "../ui/Text";
import { Sparkline } from "./Sparkline";
import type { Drill } from "./View";

type Props = { result: Pick<Result, "columns" | "rows">; zone: string; drill?: Drill; bars?: boolean; label: string; onRow?: (row: unknown[], i: number) => void; selected?: number; height?: number | string; remember?: string };

/** ResultTable shows any rows. Values of fields lead to their records; lists of numbers are drawn. */
export function ResultTable({ result, zone, drill, bars, label, onRow, selected, height, remember = "result" }: Props) {
  const columns = useMemo<GridColumn<unknown[]>[]>(
    () =>
      result.columns.flatMap((c, i) => {
        if (c.hidden) return [];
        const numeric = isNumeric(c);
        const most = bars && numeric ? Math.max(1, ...result.rows.map((r) => Math.abs(Number(r[i] ?? 0)))) : 0;
        return [{ id: c.name, name: c.name, numeric, width: widthOf(c), value: (r: unknown[]) => (Array.isArray(r[i]) ? String(r[i]) : r[i]), cell: (r: unknown[]) => cell(r[i], c, zone, most, drill) }];
      }),
    [result, zone, bars, drill],
  );
  return <DataGrid columns={columns} rows={result.rows} label={label} onRow={onRow} selected={selected} height={height} remember={remember} />;
}

function widthOf(c: Column): number {
  if (isTime(c)) return 208;
  if (isNumeric(c)) return Math.max(110, Math.min(220, c.name.length * 8 + 40));
  return c.list ? 260 : 220;
}

function cell(v: unknown, c: Column, zone: string, most: number, drill?: Drill) {
  if (v === null || v === undefined) return null;
  if (c.list && Array.isArray(v) && (c.type === "LONG" || c.type === "DOUBLE")) return <Sparkline values={v as number[]} />;
  const text = visible(valueText(v, c, zone).slice(0, 500));
  if (most > 0 && typeof v === "number") {
    return (
      <span className="databar">
        <span style={{ width: `${(Math.abs(v) / most) * 100}%` }} />
        <span>{text}</span>
      </span>
    );
  }
  // Only what is a field of records, and no computed value, can be looked for.
  if (drill && c.internal && !c.internal.startsWith("func") && !isNumeric(c) && !isTime(c) && !c.list) {
    return (
      <button type="button" className="cell-link" title="Show these records" onClick={(e) => (e.stopPropagation(), drill([{ field: c.original ?? c.name, value: v }]))}>
        {text}
      </button>
    );
  }
  return text;
}
