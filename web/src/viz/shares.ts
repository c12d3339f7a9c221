import type { EChartsCoreOption } from "echarts/core";
import { compact, number } from "../lib/format";
import { tip } from "./Chart";
import type { Palette } from "./palette";
import { base, legend } from "./style";
import { label, treeOf, type Table } from "./table";

// Options of charts that show the shares of a whole.

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

// Texts on colours: dark on light ones, light on those of the light theme, which are darker.
const DARK_INK = { color: "#10161d", textBorderColor: "rgba(255,255,255,.45)", textBorderWidth: 2 };
const LIGHT_INK = { color: "#fff", textBorderColor: "rgba(0,0,0,.35)", textBorderWidth: 2 };
const inkOn = (p: Palette) => (p.darkSeries ? LIGHT_INK : DARK_INK);

/** treemapOption shows groups in groups as areas. */
export function treemapOption(t: Table, zone: string, p: Palette): EChartsCoreOption {
  return {
    ...base(p),
    tooltip: { ...(base(p).tooltip as object), formatter: (e: { name: string; value: number; color: string; treePathInfo: { name: string }[] }) => tip(e.treePathInfo.map((x) => x.name).filter(Boolean).join(" › "), [{ colour: e.color, name: t.measures[0]?.name ?? "", value: number(e.value) }]) },
    series: [
      {
        type: "treemap",
        data: treeOf(t, zone),
        roam: false,
        animation: false,
        nodeClick: false,
        breadcrumb: { show: false },
        left: 2, right: 2, top: 2, bottom: 2,
        label: { show: true, formatter: "{b}", fontSize: 12, ...inkOn(p) },
        upperLabel: { show: t.dims.length > 1, height: 22, color: p.text, fontWeight: 600, backgroundColor: "transparent" },
        itemStyle: { borderColor: p.surface, gapWidth: 1, borderWidth: 1 },
        levels: [{ itemStyle: { gapWidth: 3, borderWidth: 0 }, upperLabel: { show: false } }, { itemStyle: { gapWidth: 1, borderWidth: t.dims.length > 1 ? 3 : 1, borderColor: p.surface } }, { colorSaturation: [0.35, 0.6] }],
      },
    ],
  };
}

/** sunburstOption shows groups in groups as rings. */
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
        label: { minAngle: 7, fontSize: 11, ...DARK_INK, width: 96, overflow: "truncate" },
        levels: [{}, { label: inkOn(p) }], // beyond the first ring colours are lighter
        emphasis: { focus: "ancestor" },
      },
    ],
  };
}
