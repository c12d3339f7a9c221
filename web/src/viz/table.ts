import type { Column } from "../api/client";
import { compact, isNumeric, valueText } from "../lib/format";
import { cut, plain } from "../lib/hostile";
import { duration } from "../lib/time";

// What charts show of a result: its columns told apart, its values as texts, its rows laid out.

/** label makes a value of a log fit for a chart: everything visible, and short. */
export function label(v: unknown, c?: Column, zone = "UTC"): string {
  return v === null || v === undefined ? "(none)" : plain(cut(valueText(v, c, zone), 120));
}

export type Table = { dims: Column[]; dimAt: number[]; measures: Column[]; measureAt: number[]; rows: unknown[][] };

/** tableOf tells the columns to group by from the numbers. */
export function tableOf(r: { columns: Column[]; rows: unknown[][] }): Table {
  const t: Table = { dims: [], dimAt: [], measures: [], measureAt: [], rows: r.rows };
  r.columns.forEach((c, i) => {
    if (c.hidden) return;
    if (isNumeric(c)) {
      t.measures.push(c);
      t.measureAt.push(i);
    } else if (!(c.list && (c.type === "LONG" || c.type === "DOUBLE"))) {
      t.dims.push(c);
      t.dimAt.push(i);
    }
  });
  return t;
}

export const measureText = (n: number, c?: Column) => (c?.unit === "ms" ? duration(n) : compact(n));

/** MAX_LINES are drawn; what a chart leaves out, its page says. */
export const MAX_LINES = 60;

/** pivot lays a table out for a chart: the first column along the axis, further ones as lines, or each number a line. */
export function pivot(t: Table, zone: string, most: number): { groups: string[]; lines: { name: string; data: (number | null)[] }[] } {
  const groups: string[] = [];
  const at = new Map<string, number>();
  const lines = new Map<string, (number | null)[]>();
  for (const row of t.rows) {
    const g = t.dims.length === 0 ? "All" : label(row[t.dimAt[0]!], t.dims[0], zone);
    let i = at.get(g);
    if (i === undefined) {
      if (groups.length >= most) continue;
      at.set(g, (i = groups.length));
      groups.push(g);
    }
    t.measureAt.slice(0, t.dims.length > 1 ? 1 : 6).forEach((m, j) => {
      const name = t.dims.length > 1 ? t.dims.slice(1).map((d, k) => label(row[t.dimAt[k + 1]!], d, zone)).join(", ") : t.measures[j]!.name;
      let data = lines.get(name);
      if (!data) {
        if (lines.size >= MAX_LINES) return;
        lines.set(name, (data = []));
      }
      const v = row[m];
      if (typeof v === "number") data[i] = (data[i] ?? 0) + v;
    });
  }
  return { groups, lines: [...lines].map(([name, data]) => ({ name, data: groups.map((_, i) => data[i] ?? null) })) };
}

type Node = { name: string; value?: number; children?: Node[] };

/** treeOf nests the rows of a table by its columns. */
export function treeOf(t: Table, zone: string): Node[] {
  const root: Node = { name: "", children: [] };
  for (const row of t.rows.slice(0, 3000)) {
    const v = Number(row[t.measureAt[0]!] ?? 0);
    if (!(v > 0)) continue;
    let at = root;
    t.dims.forEach((d, i) => {
      const name = label(row[t.dimAt[i]!], d, zone);
      let next = at.children?.find((c) => c.name === name);
      if (!next) (at.children ??= []).push((next = { name }));
      at = next;
    });
    at.value = (at.value ?? 0) + v;
  }
  return root.children ?? [];
}
