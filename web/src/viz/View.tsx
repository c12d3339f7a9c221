import "../styles/viz.css";
import { useMemo } from "react";
import type { Result } from "../api/client";
import { plural } from "../lib/format";
import { splitQuery } from "../lib/querytext";
import { Empty } from "../ui/controls";
import { Chart, type ChartEvent } from "./Chart";
import { ClusterView } from "./ClusterView";
import { LinkView } from "./LinkView";
import { MapView } from "./MapView";
import { categoryOption, heatOption, seriesOption } from "./options";
import { usePalette } from "./palette";
import type { VizId } from "./registry";
import { ResultTable } from "./ResultTable";
import { pieOption, sunburstOption, treemapOption } from "./shares";
import { MAX_LINES, tableOf, type Table } from "./table";
import { Tile } from "./Tile";
import { WordCloud } from "./WordCloud";

export type Drill = (filters: { field: string; value: unknown; not?: boolean }[]) => void;

export type ViewProps = {
  viz: VizId;
  query: string;
  result: Result;
  zone: string;
  from: string;
  to: string;
  small?: boolean; // in a tile of a dashboard
  drill?: Drill;
  ask?: (q: string, viz?: VizId) => void;
};

/** View shows a result in one of the visualisations that do not show records. */
export default function View(props: ViewProps) {
  const { viz, result, zone, small, drill } = props;
  const palette = usePalette();
  const table = useMemo(() => tableOf(result), [result]);
  const option = useMemo(() => {
    switch (viz) {
      case "line":
      case "area":
      case "bar":
        if (result.series) return seriesOption(result.series, viz, zone, palette, { legend: small || window.innerWidth < NARROW ? "top" : "side", stack: viz !== "line" });
        return categoryOption(table, viz, zone, palette, small ? 20 : BARS.most);
      case "hbar":
        return categoryOption(table, "hbar", zone, palette, small ? SMALL_BARS.most : BARS.most);
      case "pie":
        return pieOption(table, zone, palette, { small });
      case "sunburst":
        return sunburstOption(table, zone, palette);
      case "treemap":
        return treemapOption(table, zone, palette);
      case "heatmap":
        return heatOption(result, zone, palette);
    }
    return undefined;
  }, [viz, result, table, zone, palette, small]);

  switch (viz) {
    case "link":
      return <LinkView {...props} />;
    case "cluster":
    case "cluster_compare":
      return <ClusterView {...props} />;
    case "tile":
      return <Tile result={result} zone={zone} small={small} />;
    case "words":
      return <WordCloud result={result} zone={zone} drill={drill} />;
    case "map":
      return <MapView result={result} zone={zone} />;
    case "summary":
      return <ResultTable result={result} zone={zone} drill={drill} bars label="Summary table" />;
  }
  if (!option) return <ResultTable result={result} zone={zone} drill={drill} label={viz === "distinct" ? "Distinct values" : "Result"} />;

  const drawable = result.series ? result.series.lines.length > 0 : table.rows.length > 0 && table.measures.length > 0;
  if (!drawable) return result.rows.length > 0 ? <ResultTable result={result} zone={zone} drill={drill} label="Result" /> : <Empty title="No result" />;

  // What was clicked, as conditions on the fields that were grouped by.
  const clicked = (e: ChartEvent) => {
    if (!drill) return;
    const dims = result.series ? result.series.by : table.dims;
    const path = e.treePathInfo?.map((t) => t.name).filter(Boolean);
    let values: unknown[] | undefined;
    if (result.series) values = result.series.lines[Math.floor((e.seriesIndex ?? 0) / Math.max(1, result.series.values.length))]?.key;
    else if (path) values = path;
    else {
      const row = viz === "pie" ? [...table.rows].sort((a, b) => Number(b[table.measureAt[0]!]) - Number(a[table.measureAt[0]!]))[e.dataIndex ?? -1] : table.rows.find((r) => String(r[table.dimAt[0]!] ?? "(none)") === e.name);
      values = row && table.dimAt.slice(0, viz === "pie" ? undefined : 1).map((i) => row[i]);
    }
    const filters = (values ?? []).flatMap((value, i) => (dims[i]?.internal && value !== "(none)" ? [{ field: dims[i].original ?? dims[i].name, value }] : []));
    if (filters.length > 0) drill(filters);
  };
  const left = result.series ? result.series.lines.length - MAX_LINES : 0;
  return (
    <div className="viz" data-viz={viz} tabIndex={viz === "hbar" ? 0 : undefined}>
      <Chart option={option} label={describe(props)} onClick={clicked} height={viz === "hbar" ? barsHeight(table, small ? SMALL_BARS : BARS) : "100%"} />
      {left > 0 && <p className="viz-note">The {MAX_LINES} largest of {plural(result.series!.lines.length, "line")} are drawn; the table has all.</p>}
      {!small && <ScreenReaderTable result={result} />}
    </div>
  );
}

const NARROW = 800; // pixels of a window in which names beside a chart leave it too little

type Bars = { most: number; each: number; rest: number }; // how many bars are drawn, and the pixels of a bar and of what is around them
const BARS: Bars = { most: 40, each: 24, rest: 60 };
const SMALL_BARS: Bars = { most: 12, each: 17, rest: 24 };

/** barsHeight fills the place; when the bars need more to be told apart, it scrolls. */
function barsHeight(t: Table, b: Bars): string {
  const bars = Math.min(b.most, new Set(t.rows.map((r) => r[t.dimAt[0]!])).size);
  return `max(100%, ${((bars * b.each + b.rest) / 13).toFixed(2)}rem)`;
}

function describe({ viz, result, query }: ViewProps): string {
  const n = result.series ? plural(result.series.lines.length, "line") : plural(result.rows.length, "group");
  return `${viz} chart of ${n}: ${splitQuery(query).at(-1)?.text ?? ""}`;
}

// The numbers of a chart, for those who do not see it.
function ScreenReaderTable({ result }: { result: Result }) {
  const rows = result.rows.slice(0, 20);
  return (
    <table className="sr-only">
      <caption>The first {rows.length} rows of the chart's data</caption>
      <thead>
        <tr>{result.columns.map((c) => <th key={c.name} scope="col">{c.name}</th>)}</tr>
      </thead>
      <tbody>
        {rows.map((r, i) => (
          <tr key={i}>{r.map((v, j) => <td key={j}>{String(v ?? "")}</td>)}</tr>
        ))}
      </tbody>
    </table>
  );
}
