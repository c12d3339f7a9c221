import type { EChartsCoreOption } from "echarts/core";
import type { Column, Series } from "../api/client";
import { init } from "./echarts";
import { categoryOption, seriesOption } from "./options";
import { paletteOf } from "./palette";
import { pieOption, treemapOption } from "./shares";
import { tableOf } from "./table";

const colours = paletteOf("light");
const column = (name: string, type: string): Column => ({ name, type });
const table = tableOf({ columns: [column("a", "STRING"), column("b", "STRING"), column("n", "LONG")], rows: ["p", "q", "r"].flatMap((a) => ["s", "t"].map((b) => [a, b, 1 + a.charCodeAt(0) % 5])) });
const buckets = Array.from({ length: 48 }, (_, i) => i * 36e5);
const series: Series = { span: "1hour", buckets, by: [column("a", "STRING")], values: [column("n", "LONG")], lines: ["p", "q"].map((key) => ({ key: [key], points: [buckets.map((_, i) => i % 7)] })) };

const options: (() => EChartsCoreOption)[] = [
  () => seriesOption(series, "bar", "UTC", colours),
  () => seriesOption(series, "line", "UTC", colours),
  () => categoryOption(table, "hbar", "UTC", colours),
  () => pieOption(table, "UTC", colours, { small: true }),
  () => treemapOption(table, "UTC", colours),
];

/** warm draws one chart of each common kind where nobody sees it, each when the page has nothing else to do: the first
 * time costs a browser several times what the next ones do, and is better spent before a dashboard is opened. It
 * returns what ends it. */
export function warm(): () => void {
  if (!("requestIdleCallback" in window)) return () => {}; // Safari
  const left = [...options];
  let waits = 0;
  const next = () => {
    const option = left.shift();
    if (!option) return;
    const chart = init(document.createElement("div"), undefined, { renderer: "canvas", width: 400, height: 240 });
    chart.setOption({ animation: false, ...option() });
    chart.getZr().flush();
    chart.dispose();
    waits = requestIdleCallback(next);
  };
  waits = requestIdleCallback(next);
  return () => cancelIdleCallback(waits);
}
