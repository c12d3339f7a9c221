import "../styles/viz.css";
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { useEffect, useRef, useState } from "react";
import { scaled, textScale } from "../lib/scale";
import { Spinner } from "../ui/controls";

export type ChartEvent = { name?: string; seriesName?: string; seriesIndex?: number; dataIndex?: number; value?: unknown; data?: unknown; treePathInfo?: { name: string }[]; treeAncestors?: { name: string }[] };

type Props = { option: EChartsCoreOption; label: string; onClick?: (e: ChartEvent) => void; onReady?: (chart: EChartsType) => void; height?: number | string };

/** Chart draws an option of ECharts, in the size of its place. label says in words what it shows. onReady gets the chart once it has an option, before which it can tell no places. */
export function Chart({ option, label, onClick, onReady, height = "100%" }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<EChartsType>();
  const latest = useRef({ onClick, onReady });
  latest.current = { onClick, onReady };

  useEffect(() => {
    let gone = false;
    let made: EChartsType | undefined;
    let watch: ResizeObserver | undefined;
    // Texts are measured once: a font that came later would be drawn wider than its place.
    void Promise.all([import("./echarts"), document.fonts.ready]).then(([{ init }]) => {
      if (gone || !box.current) return;
      made = init(box.current, undefined, { renderer: "canvas" });
      made.on("click", (e) => latest.current.onClick?.(e as ChartEvent));
      made.getZr().setSleepAfterStill(1); // nothing moves: ten more frames of every chart would show the same
      const place = box.current;
      watch = new ResizeObserver(() => {
        if (made && (made.getWidth() !== place.clientWidth || made.getHeight() !== place.clientHeight)) made.resize();
      });
      watch.observe(place);
      setChart(made);
    });
    return () => {
      gone = true;
      watch?.disconnect();
      made?.dispose();
    };
  }, []);

  useEffect(() => {
    if (!chart) return;
    chart.setOption(scaled({ animation: false, ...option }, textScale()), { notMerge: true });
    latest.current.onReady?.(chart);
  }, [chart, option]);

  return (
    <div className="chart" style={{ height }} role="img" aria-label={label} data-ready={chart ? "true" : "false"}>
      <div ref={box} className="chart-canvas" />
      {!chart && (
        <div className="chart-wait">
          <Spinner label="Drawing" />
        </div>
      )}
    </div>
  );
}

/** tip makes the content of a tooltip out of text alone: names of a log may be markup. */
export function tip(title: string, rows: { colour?: string; name: string; value: string }[]): HTMLElement {
  const root = document.createElement("div");
  root.className = "tip";
  const head = document.createElement("strong");
  head.textContent = title;
  root.append(head);
  for (const r of rows) {
    const line = document.createElement("div");
    const dot = document.createElement("i");
    if (r.colour) dot.style.background = r.colour;
    const name = document.createElement("span");
    name.textContent = r.name;
    const value = document.createElement("b");
    value.textContent = r.value;
    line.append(dot, name, value);
    root.append(line);
  }
  return root;
}
