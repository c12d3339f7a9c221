import { useEffect, useMemo, useState } from "react";
import type { Result } from "../api/client";
import { number, plural } from "../lib/format";
import { Empty, Spinner } from "../ui/controls";
import { Chart, tip } from "./Chart";
import { usePalette } from "./palette";
import { placesOf } from "./places";

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
  const { places, measure } = useMemo(() => placesOf(result, zone), [result, zone]);
  const most = Math.max(1, ...places.map((p) => p.value));
  const option = useMemo(
    () => ({
      geo: { map: "world", roam: true, itemStyle: { areaColor: palette.line, borderColor: palette.surface }, emphasis: { disabled: true }, left: 8, right: 8, top: 8, bottom: 8, preserveAspect: true },
      tooltip: { confine: true, backgroundColor: palette.surface, borderColor: palette.line, textStyle: { color: palette.text }, formatter: (e: { name: string; value: number[]; color: string }) => tip(e.name, [{ colour: e.color, name: measure, value: number(e.value[2] ?? 0) }]) },
      series: [{ type: "scatter", coordinateSystem: "geo", data: places.map((p) => ({ name: p.name, value: [p.longitude, p.latitude, p.value] })), symbolSize: (v: number[]) => 8 + 30 * Math.sqrt((v[2] ?? 0) / most), itemStyle: { color: palette.series[0], opacity: 0.75, borderColor: palette.surface } }],
    }),
    [places, measure, most, palette],
  );
  if (!ready) return <Empty title=""><Spinner label="Drawing the map" /></Empty>;
  if (places.length === 0) return <Empty title="No places">No row of this result has coordinates. geostats takes them from fields such as Client Host Coordinates, which the log source fills, or from a field that it names.</Empty>;
  return <div className="viz"><Chart option={option} label={`Map of ${plural(places.length, "place")}`} /></div>;
}
