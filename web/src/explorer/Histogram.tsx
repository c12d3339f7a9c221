import type { EChartsType } from "echarts/core";
import { useMemo, useRef, useState, type KeyboardEvent } from "react";
import type { Result } from "../api/client";
import { number, plural } from "../lib/format";
import { formatTime, type Window } from "../lib/time";
import { Chart } from "../viz/Chart";
import { textScale } from "../lib/scale";
import { seriesOption } from "../viz/options";
import { SIDE_LEGEND } from "../viz/style";
import { usePalette } from "../viz/palette";
import { recordsIn } from "./useExplorer";

/**
 * Histogram shows how many records there are over time. Dragging over it zooms in; with the keyboard, the arrows choose
 * a bucket, with Shift as many as one wants, and Enter zooms.
 */
export function Histogram({ result, zone, window, onZoom }: { result: Result; zone: string; window: Window; onZoom: (w: Window) => void }) {
  const palette = usePalette();
  const series = result.series;
  const narrow = document.documentElement.clientWidth < 700;
  const option = useMemo(() => (series ? seriesOption(series, "bar", zone, palette, { legend: narrow ? "none" : "side" }) : {}), [series, zone, palette, narrow]);
  const chart = useRef<EChartsType>(null);
  const box = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<{ from: number; to: number }>();
  const [chosen, setChosen] = useState<{ from: number; to: number }>(); // buckets chosen by keys, both inside
  if (!series) return null;

  // A bucket of the axis under a place, and the edges of buckets in pixels.
  const bucketAt = (x: number) => {
    const i = chart.current?.convertFromPixel({ xAxisIndex: 0 }, x);
    return typeof i === "number" && Number.isFinite(i) ? Math.max(0, Math.min(series.buckets.length - 1, Math.round(i))) : undefined;
  };
  const step = (series.buckets[1] ?? window.to) - (series.buckets[0] ?? window.from);
  const zoomTo = (first?: number, last?: number) => {
    if (first === undefined || last === undefined) return;
    onZoom({ from: Math.max(window.from, series.buckets[first]!), to: Math.min(window.to, series.buckets[last]! + step) });
  };
  const keys = (e: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    if (step !== undefined) {
      const at = Math.max(0, Math.min(series.buckets.length - 1, (chosen?.to ?? (step > 0 ? -1 : series.buckets.length)) + step));
      setChosen({ from: e.shiftKey ? (chosen?.from ?? at) : at, to: at });
    } else if (e.key === "Enter" && chosen) zoomTo(Math.min(chosen.from, chosen.to), Math.max(chosen.from, chosen.to));
    else if (e.key === "Escape") setChosen(undefined);
    else return;
    e.preventDefault();
  };
  const pixel = (bucket: number) => Number(chart.current?.convertToPixel({ xAxisIndex: 0 }, bucket) ?? 0);
  const half = series.buckets.length > 1 ? (pixel(1) - pixel(0)) / 2 : 8;
  const marked = chosen && { left: pixel(Math.min(chosen.from, chosen.to)) - half, right: pixel(Math.max(chosen.from, chosen.to)) + half };
  const total = recordsIn(result) ?? 0;
  return (
    <div
      ref={box}
      className="histogram"
      data-total={total}
      tabIndex={0}
      role="group"
      aria-label="Histogram: arrow keys choose a time, Shift more of it, Enter zooms in"
      onKeyDown={keys}
      onPointerDown={(e) => {
        const x = e.clientX - box.current!.getBoundingClientRect().left;
        const right = box.current!.clientWidth - (series.lines.length > 1 && !narrow ? SIDE_LEGEND * textScale() : 8);
        if (e.button === 0 && x < right) setDrag({ from: x, to: x });
      }}
      onPointerMove={(e) => drag && setDrag({ ...drag, to: e.clientX - box.current!.getBoundingClientRect().left })}
      onPointerLeave={() => setDrag(undefined)}
      onPointerUp={() => {
        if (drag && Math.abs(drag.to - drag.from) > 6) zoomTo(bucketAt(Math.min(drag.from, drag.to)), bucketAt(Math.max(drag.from, drag.to)));
        setDrag(undefined);
      }}
    >
      <Chart option={option} label={`Histogram: ${plural(total, "record")} in ${number(series.buckets.length)} buckets of ${series.span}`} onReady={(c) => (chart.current = c)} />
      {drag && Math.abs(drag.to - drag.from) > 3 && <div className="zoom-box" style={{ left: Math.min(drag.from, drag.to), width: Math.abs(drag.to - drag.from) }} />}
      {chosen && marked && (
        <>
          <div className="zoom-box" style={{ left: marked.left, width: marked.right - marked.left }} />
          <span className="sr-only" role="status">{`${formatTime(series.buckets[Math.min(chosen.from, chosen.to)]!, zone, "minute")}, ${plural(Math.abs(chosen.to - chosen.from) + 1, "bucket")}`}</span>
        </>
      )}
    </div>
  );
}
