import type { EChartsCoreOption } from "echarts/core";
import type { Column, Result, Series } from "../api/client";
import { lineName, number } from "../lib/format";
import { axisTime, duration, formatTime, zoneOffset } from "../lib/time";
import { tip } from "./Chart";
import type { Palette } from "./palette";
import { axis, base, legend, shortened, SIDE_LEGEND } from "./style";
import { label, MAX_LINES, measureText, pivot, tableOf, type Table } from "./table";

// Options of charts along an axis, made of results. Pure: what they hold is what the result holds.

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
  const cat = { type: "category", data: groups, ...axis(p), splitLine: { show: false }, axisLabel: { color: p.muted, fontSize: 11, ...(flat ? { formatter: shortened } : { width: 110, overflow: "truncate" }), hideOverlap: !flat, rotate: flat || groups.length < 9 ? 0 : 35 }, inverse: flat };
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
