import { useEffect, useMemo, useState } from "react";
import type { Result } from "../api/client";
import { number } from "../lib/format";
import { Empty, Spinner } from "../ui/controls";
import { Chart, tip } from "./Chart";
import { label, tableOf } from "./options";
import { usePalette } from "./palette";

/** MapView puts a bubble on each place. Its borders come with the program: nothing is asked of a map service. */
export function MapView({ result, zone }: { result: Result; zone: string }) {
  const palette = usePalette();
  const [ready, setReady] = useState(false);
  useEffect(() => {
    let gone = false;
    void Promise.all([import("./echarts"), import("./world")]).then(([{ registerMap }, { world }]) => {
      registerMap("world", world() as unknown as Parameters<typeof registerMap>[1]);
      if (!gone) setReady(true);
    });
    return () => {
      gone = true;
    };
  }, []);
  const places = useMemo(() => {
    const t = tableOf(result);
    const at = result.columns.findIndex((c) => c.name.toLowerCase().includes("coordinates"));
    return t.rows.flatMap((r) => {
      const m = /^\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*$/.exec(String(r[at] ?? ""));
      if (!m) return [];
      const name = t.dims.map((d, i) => (t.dimAt[i] === at ? "" : label(r[t.dimAt[i]!], d, zone))).filter((s) => s !== "" && s !== "(none)").join(", ");
      return [{ name: name || m[0], value: [Number(m[2]), Number(m[1]), Number(r[t.measureAt[0]!] ?? 1)] }];
    });
  }, [result, zone]);
  const most = Math.max(1, ...places.map((p) => p.value[2]!));
  const option = useMemo(
    () => ({
      geo: { map: "world", roam: true, itemStyle: { areaColor: palette.line, borderColor: palette.surface }, emphasis: { disabled: true }, left: 8, right: 8, top: 8, bottom: 8 },
      tooltip: { confine: true, backgroundColor: palette.surface, borderColor: palette.line, textStyle: { color: palette.text }, formatter: (e: { name: string; value: number[]; color: string }) => tip(e.name, [{ colour: e.color, name: "", value: number(e.value[2] ?? 0) }]) },
      series: [{ type: "scatter", coordinateSystem: "geo", data: places, symbolSize: (v: number[]) => 8 + 30 * Math.sqrt((v[2] ?? 0) / most), itemStyle: { color: palette.series[0], opacity: 0.75, borderColor: palette.surface } }],
    }),
    [places, most, palette],
  );
  if (!ready) return <Empty title=""><Spinner label="Drawing the map" /></Empty>;
  if (places.length === 0) return <Empty title="No places">No record of this result has coordinates. They are in fields such as Client Host Coordinates, which the log source fills.</Empty>;
  return <div className="viz"><Chart option={option} label={`Map of ${places.length} places`} /></div>;
}
