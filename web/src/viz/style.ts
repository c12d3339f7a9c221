import type { EChartsCoreOption } from "echarts/core";
import type { Palette } from "./palette";

// What all charts have in common.

export const base = (p: Palette): EChartsCoreOption => ({
  color: p.series,
  textStyle: { fontFamily: "Inter Variable, system-ui, sans-serif", color: p.text, fontSize: 11.5 },
  tooltip: { confine: true, appendTo: undefined, backgroundColor: p.surface, borderColor: p.line, textStyle: { color: p.text, fontSize: 12 }, padding: 8, extraCssText: "" },
});

export const axis = (p: Palette) => ({ axisLine: { lineStyle: { color: p.line } }, axisTick: { show: false }, axisLabel: { color: p.muted, fontSize: 11, hideOverlap: true }, splitLine: { lineStyle: { color: p.line, opacity: 0.7 } } });

/** SIDE_LEGEND is the width that a legend beside a chart takes. */
export const SIDE_LEGEND = 200;

/** shortened takes the middle out of a long name: those of log sources differ at their end. */
export const shortened = (name: string) => (name.length > 26 ? name.slice(0, 11).trimEnd() + "…" + name.slice(-14).trimStart() : name);

export function legend(p: Palette, show: boolean, side: boolean) {
  return show
    ? side
      ? { type: "scroll", orient: "vertical", right: 0, top: 4, bottom: 4, icon: "roundRect", itemWidth: 10, itemHeight: 10, itemGap: 7, formatter: shortened, textStyle: { color: p.text, width: 164, overflow: "truncate", fontSize: 11.5 }, pageTextStyle: { color: p.muted }, pageIconColor: p.accent, pageIconSize: 10, tooltip: { show: true } }
      : { type: "scroll", top: 0, left: 0, right: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, itemGap: 14, formatter: shortened, textStyle: { color: p.text, width: 170, overflow: "truncate", fontSize: 11.5 }, pageTextStyle: { color: p.muted }, pageIconColor: p.accent, pageIconSize: 10 }
    : { show: false };
}
