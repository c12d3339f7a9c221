import type { EChartsCoreOption } from "echarts/core";
import type { Column, Result, Series } from "../api/client";
import { compact, isNumeric, lineName, number, valueText } from "../lib/format";
import { cut, plain } from "../lib/hostile";
import { axisTime, duration, formatTime, zoneOffset } from "../lib/time";
import { tip } from "./Chart";
import type { Palette } from "./palette";

// Options of charts, made of results. Pure: what they hold is what the result holds.

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

const base = (p: Palette): EChartsCoreOption => ({
  color: p.series,
  textStyle: { fontFamily: "Inter Variable, system-ui, sans-serif", color: p.text, fontSize: 11.5 },
  tooltip: { confine: true, appendTo: undefined, backgroundColor: p.surface, borderColor: p.line, textStyle: { color: p.text, fontSize: 12 }, padding: 8, extraCssText: "" },
});

const axis = (p: Palette) => ({ axisLine: { lineStyle: { color: p.line } }, axisTick: { show: false }, axisLabel: { color: p.muted, fontSize: 11, hideOverlap: true }, splitLine: { lineStyle: { color: p.line, opacity: 0.7 } } });

export const measureText = (n: number, c?: Column) => (c?.unit === "ms" ? duration(n) : compact(n));

/** SIDE_LEGEND is the width that a legend beside a chart takes. */
export const SIDE_LEGEND = 200;

// Names of log sources differ at their end, so that a long one loses its middle.
const shortened = (name: string) => (name.length > 26 ? name.slice(0, 11).trimEnd() + "…" + name.slice(-14).trimStart() : name);

function legend(p: Palette, show: boolean, side: boolean) {
  return show
    ? side
      ? { type: "scroll", orient: "vertical", right: 0, top: 4, bottom: 4, icon: "roundRect", itemWidth: 10, itemHeight: 10, itemGap: 7, formatter: shortened, textStyle: { color: p.text, width: 164, overflow: "truncate", fontSize: 11.5 }, pageTextStyle: { color: p.muted }, pageIconColor: p.accent, pageIconSize: 10, tooltip: { show: true } }
      : { type: "scroll", top: 0, left: 0, right: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, itemGap: 14, formatter: shortened, textStyle: { color: p.text, width: 170, overflow: "truncate", fontSize: 11.5 }, pageTextStyle: { color: p.muted }, pageIconColor: p.accent, pageIconSize: 10 }
    : { show: false };
}

/** MAX_LINES are drawn; what a chart leaves out, its page says. */
export const MAX_LINES = 60;

export type SeriesKind = "line" | "area" | "bar";

/** seriesOption draws lines over time. */
export function seriesOption(s: Series, kind: SeriesKind, zone: string, p: Palette, o: { legend?: "side" | "top" | "none"; stack?: boolean; compactAxes?: boolean } = {}): EChartsCoreOption {
  const step = (s.buckets[1] ?? 0) - (s.buckets[0] ?? 0) || 6e4;
  const where = o.legend ?? "top";
  const many = s.lines.length * s.values.length > 1;
  const lines = s.lines.slice(0, MAX_LINES).flatMap((line) =>
    s.values.map((v, j) => ({
      name: s.by.length === 0 ? v.name : label(lineName(line.key, [])) + (s.values.length > 1 ? ` · ${v.name}` : ""),
      type: kind === "bar" ? "bar" : "line",
      stack: (kind !== "line" && o.stack !== false) ? "all" : undefined,
      barCategoryGap: "12%",
      barMaxWidth: 36,
      areaStyle: kind === "area" ? { opacity: 0.35 } : undefined,
      lineStyle: { width: 1.8 },
      symbol: "circle",
      symbolSize: 5,
      showSymbol: s.buckets.length < 40,
      connectNulls: false,
      emphasis: { focus: many ? "series" : "none" },
      data: s.buckets.map((_, i) => line.points[j]?.[i] ?? null),
    })),
  );
  return {
    ...base(p),
    legend: legend(p, many && where !== "none", where === "side"),
    grid: { left: 6, right: where === "side" && many ? SIDE_LEGEND : 10, top: many && where === "top" ? 28 : 10, bottom: 4, containLabel: true },
    xAxis: timeAxis(s.buckets, step, zone, p, kind === "bar"),
    yAxis: { type: "value", ...axis(p), minInterval: 0, axisLabel: { color: p.muted, fontSize: 11, formatter: (n: number) => measureText(n, s.values[0]) }, splitNumber: 4 },
    tooltip: {
      ...(base(p).tooltip as object),
      trigger: "axis",
      axisPointer: { type: kind === "bar" ? "shadow" : "line", shadowStyle: { color: p.line, opacity: 0.35 }, lineStyle: { color: p.muted } },
      formatter: (list: { dataIndex: number; seriesName: string; value: number | null; color: string }[]) => {
        const i = list[0]?.dataIndex ?? 0;
        const from = s.buckets[i] ?? 0;
        const rows = list.filter((r) => r.value !== null && (r.value !== 0 || list.length === 1)).sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
        const shown = rows.slice(0, 12).map((r) => ({ colour: r.color, name: r.seriesName, value: s.values[0]?.unit === "ms" ? duration(r.value!) : number(r.value!) }));
        if (rows.length > 12) shown.push({ colour: "transparent", name: `and ${rows.length - 12} more`, value: "" });
        return tip(`${formatTime(from, zone, step < 6e4 ? "second" : "minute")} · ${s.span}`, shown);
      },
    },
    series: lines,
  };
}

/** timeAxis labels buckets at round times: so many that they do not crowd, and whole days by their date. */
function timeAxis(buckets: number[], step: number, zone: string, p: Palette, gap: boolean) {
  const span = (buckets.at(-1) ?? 0) - (buckets[0] ?? 0);
  const every = TICKS.find((t) => t >= step && span / t <= 9) ?? span / 8;
  const offset = zoneOffset(buckets[0] ?? 0, zone);
  const round = (i: number) => {
    const local = (buckets[i] ?? 0) + offset;
    return Math.floor(local / every) !== Math.floor((local - step) / every);
  };
  return { type: "category", data: buckets.map((b) => axisTime(b, zone, every)), ...axis(p), splitLine: { show: false }, boundaryGap: gap, axisLabel: { color: p.muted, fontSize: 11, hideOverlap: true, textMargin: [0, 6], interval: round } };
}

const TICKS = [1, 5, 15, 30, 60, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000].map((s) => s * 1000);

/** categoryOption draws a bar, or a point, for each group; a second column to group by makes the colours. */
export function categoryOption(t: Table, kind: "bar" | "hbar" | "line" | "area", zone: string, p: Palette, most = 40): EChartsCoreOption {
  const { groups, lines } = pivot(t, zone, most);
  const flat = kind === "hbar";
  const cat = { type: "category", data: groups, ...axis(p), splitLine: { show: false }, axisLabel: { color: p.muted, fontSize: 11, width: flat ? 190 : 110, overflow: "truncate", hideOverlap: !flat, rotate: flat || groups.length < 9 ? 0 : 35 }, inverse: flat };
  const unit = t.measures[0];
  const val = { type: "value", ...axis(p), axisLabel: { color: p.muted, fontSize: 11, hideOverlap: true, formatter: (n: number) => measureText(n, unit) }, splitNumber: 4 };
  const many = lines.length > 1;
  return {
    ...base(p),
    legend: legend(p, many, false),
    grid: { left: 6, right: flat ? 46 : 12, top: many ? 28 : 12, bottom: 4, containLabel: true },
    xAxis: flat ? val : cat,
    yAxis: flat ? cat : val,
    tooltip: {
      ...(base(p).tooltip as object),
      trigger: "axis",
      axisPointer: { type: kind === "line" || kind === "area" ? "line" : "shadow", shadowStyle: { color: p.line, opacity: 0.35 } },
      formatter: (list: { name: string; seriesName: string; value: number | null; color: string }[]) =>
        tip(list[0]?.name ?? "", list.filter((r) => r.value !== null && r.value !== undefined).map((r) => ({ colour: r.color, name: r.seriesName, value: unit?.unit === "ms" ? duration(r.value!) : number(r.value!) }))),
    },
    series: lines.map((l) => ({
      name: l.name,
      type: kind === "line" || kind === "area" ? "line" : "bar",
      stack: many && kind !== "line" ? "all" : undefined,
      areaStyle: kind === "area" ? { opacity: 0.35 } : undefined,
      barMaxWidth: 34,
      label: flat && !many ? { show: true, position: "right", color: p.muted, fontSize: 11, formatter: (e: { value: number }) => measureText(e.value, unit) } : { show: false },
      data: l.data,
    })),
  };
}

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

/** pieOption shows shares; groups beyond the first twelve are one slice. */
export function pieOption(t: Table, zone: string, p: Palette, o: { ring?: boolean; small?: boolean } = {}): EChartsCoreOption {
  const all = t.rows
    .map((r) => ({ name: t.dims.map((d, i) => label(r[t.dimAt[i]!], d, zone)).join(" · ") || (t.measures[0]?.name ?? ""), value: Number(r[t.measureAt[0]!] ?? 0) }))
    .filter((d) => d.value > 0)
    .sort((a, b) => b.value - a.value);
  const total = all.reduce((n, d) => n + d.value, 0);
  const data: { name: string; value: number; itemStyle?: { color: string } }[] = all.slice(0, 12);
  if (all.length > 12) data.push({ name: `${all.length - 12} others`, value: all.slice(12).reduce((n, d) => n + d.value, 0), itemStyle: { color: p.series[11]! } });
  const left = o.small ? "30%" : "34%";
  return {
    ...base(p),
    legend: { ...legend(p, true, true), left: o.small ? "58%" : "64%", right: 0, top: 4, bottom: 4, textStyle: { color: p.text, fontSize: 11.5, width: o.small ? 130 : 220, overflow: "truncate" } },
    tooltip: { ...(base(p).tooltip as object), trigger: "item", formatter: (e: { name: string; value: number; percent: number; color: string }) => tip(e.name, [{ colour: e.color, name: `${e.percent} %`, value: number(e.value) }]) },
    series: [
      {
        type: "pie",
        radius: o.ring === false ? [0, "78%"] : ["48%", "78%"],
        center: [left, "50%"],
        itemStyle: { borderColor: p.surface, borderWidth: 1.5 },
        label: o.ring === false ? { show: false } : { show: true, position: "center", formatter: () => compact(total), fontSize: o.small ? 17 : 22, fontWeight: 600, color: p.text },
        labelLine: { show: false },
        data,
      },
    ],
    // In a place that is taller than wide, the names are below the ring.
    media: [{ query: { maxAspectRatio: 1.05 }, option: { legend: { orient: "horizontal", left: 4, right: 4, top: "70%", bottom: 4 }, series: [{ radius: o.ring === false ? [0, "60%"] : ["38%", "60%"], center: ["50%", "36%"] }] } }],
  };
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

export function treemapOption(t: Table, zone: string, p: Palette): EChartsCoreOption {
  return {
    ...base(p),
    tooltip: { ...(base(p).tooltip as object), formatter: (e: { name: string; value: number; color: string; treePathInfo: { name: string }[] }) => tip(e.treePathInfo.map((x) => x.name).filter(Boolean).join(" › "), [{ colour: e.color, name: t.measures[0]?.name ?? "", value: number(e.value) }]) },
    series: [
      {
        type: "treemap",
        data: treeOf(t, zone),
        roam: false,
        nodeClick: false,
        breadcrumb: { show: false },
        left: 2, right: 2, top: 2, bottom: 2,
        label: { show: true, formatter: "{b}", fontSize: 12, color: "#fff", textBorderColor: "rgba(0,0,0,.35)", textBorderWidth: 2 },
        upperLabel: { show: t.dims.length > 1, height: 22, color: p.text, fontWeight: 600, backgroundColor: "transparent" },
        itemStyle: { borderColor: p.surface, gapWidth: 1, borderWidth: 1 },
        levels: [{ itemStyle: { gapWidth: 3, borderWidth: 0 }, upperLabel: { show: false } }, { itemStyle: { gapWidth: 1, borderWidth: t.dims.length > 1 ? 3 : 1, borderColor: p.surface } }, { colorSaturation: [0.35, 0.6] }],
      },
    ],
  };
}

export function sunburstOption(t: Table, zone: string, p: Palette): EChartsCoreOption {
  return {
    ...base(p),
    tooltip: { ...(base(p).tooltip as object), formatter: (e: { value: number; color: string; treePathInfo: { name: string }[] }) => tip(e.treePathInfo.map((x) => x.name).filter(Boolean).join(" › "), [{ colour: e.color, name: t.measures[0]?.name ?? "", value: number(e.value) }]) },
    series: [
      {
        type: "sunburst",
        data: treeOf(t, zone),
        radius: ["14%", "96%"],
        nodeClick: false,
        sort: "desc",
        itemStyle: { borderColor: p.surface, borderWidth: 1 },
        label: { minAngle: 7, fontSize: 11, color: "#fff", textBorderColor: "rgba(0,0,0,.35)", textBorderWidth: 2, width: 96, overflow: "truncate" },
        emphasis: { focus: "ancestor" },
      },
    ],
  };
}

/** heatOption shows a number for each pair: of a group and a time, or of two groups. */
export function heatOption(r: Result, zone: string, p: Palette): EChartsCoreOption {
  let xs: string[], ys: string[];
  let across: object = { type: "category", ...axis(p), splitLine: { show: false }, axisLabel: { color: p.muted, fontSize: 11, hideOverlap: true, width: 100, overflow: "truncate" } };
  const cells: [number, number, number][] = [];
  let unit: Column | undefined;
  if (r.series) {
    const s = r.series;
    const step = (s.buckets[1] ?? 0) - (s.buckets[0] ?? 0);
    xs = s.buckets.map((b) => formatTime(b, zone, "minute"));
    across = timeAxis(s.buckets, step, zone, p, true);
    const lines = s.lines.slice(0, 40);
    ys = lines.map((l) => label(lineName(l.key, s.values)));
    unit = s.values[0];
    lines.forEach((l, y) => s.buckets.forEach((_, x) => typeof l.points[0]?.[x] === "number" && (l.points[0][x] as number) !== 0 && cells.push([x, y, l.points[0][x] as number])));
  } else {
    const t = tableOf(r);
    unit = t.measures[0];
    const { groups, lines } = pivot(t, zone, 60);
    xs = groups;
    ys = lines.slice(0, 40).map((l) => l.name);
    lines.slice(0, 40).forEach((l, y) => l.data.forEach((v, x) => v !== null && cells.push([x, y, v])));
  }
  const top = Math.max(1, ...cells.map((c) => c[2]));
  return {
    ...base(p),
    grid: { left: 6, right: 10, top: 8, bottom: 38, containLabel: true },
    xAxis: { data: xs, ...across },
    yAxis: { type: "category", data: ys, ...axis(p), splitLine: { show: false }, inverse: true, axisLabel: { color: p.muted, fontSize: 11, width: 170, overflow: "truncate" } },
    visualMap: { min: 0, max: top, calculable: false, orient: "horizontal", left: "center", bottom: 0, itemHeight: 120, itemWidth: 10, text: [measureText(top, unit), "0"], textStyle: { color: p.muted }, inRange: { color: p.ramp } },
    tooltip: { ...(base(p).tooltip as object), formatter: (e: { value: [number, number, number]; color: string }) => tip(ys[e.value[1]] ?? "", [{ colour: e.color, name: xs[e.value[0]] ?? "", value: number(e.value[2]) }]) },
    series: [{ type: "heatmap", data: cells, itemStyle: { borderColor: p.surface, borderWidth: 1 }, emphasis: { itemStyle: { borderColor: p.text } } }],
  };
}
