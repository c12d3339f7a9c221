import { useMemo, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { api, type Column, type Result } from "../api/client";
import { compact, isNumeric, isTime, number, plural, valueText } from "../lib/format";
import { groupedBy, joinQuery, splitQuery } from "../lib/querytext";
import { duration, formatTime } from "../lib/time";
import { Button, Dialog, Empty, ErrorNotice, Spinner } from "../ui/controls";
import { Chart, tip } from "./Chart";
import { seriesOption } from "./options";
import { shortened } from "./style";
import { usePalette, type Palette } from "./palette";
import { ResultTable } from "./ResultTable";
import { label, measureText } from "./table";
import type { ViewProps } from "./View";

/** LinkView shows groups of records: as bubbles over time, as a table, with the charts and tables that the query made, and each group's records. */
export function LinkView(props: ViewProps) {
  const { result, zone, query, from, to, small, ask } = props;
  const palette = usePalette();
  const at = (name: string) => result.columns.findIndex((c) => c.name === name);
  const keys = useMemo(() => {
    const link = splitQuery(query).find((c) => c.name === "link")?.text ?? "";
    const names = new Set(groupedBy(link.replace(/^link\b(\s+\w+\s*=\s*\S+)*/i, "x by")).map((n) => n.toLowerCase()));
    return result.columns.map((c, i) => ({ c, i })).filter(({ c }) => names.has((c.original ?? c.name).toLowerCase()) || names.has(c.name.toLowerCase()));
  }, [query, result.columns]);
  const sequences = useMemo(() => result.columns.map((c, i) => ({ c, i })).filter(({ i }) => result.rows.some((r) => isTable(r[i]))), [result]);
  const charts = result.charts ?? [];
  const tables = result.tables ?? [];
  const tabs = [
    { id: "bubbles", name: "Groups" },
    ...charts.map((c, i) => ({ id: "chart" + i, name: c.name })),
    ...tables.map((t, i) => ({ id: "table" + i, name: t.name })),
    ...(sequences.length > 0 ? [{ id: "sequence", name: "Timeline" }] : []),
  ];
  const [tab, setTab] = useState<string>();
  const shown = tabs.find((t) => t.id === tab)?.id ?? (small && charts.length > 0 ? "chart0" : "bubbles");
  const [open, setOpen] = useState<number>();

  const bubbles = useMemo(() => bubbleOption(result, keys.map((k) => k.i), { start: at("Start Time"), count: at("Count"), took: at("Group Duration") }, zone, palette), [result, keys, zone, palette]);
  const name = (row: unknown[]) => keys.map(({ c, i }) => valueText(row[i], c, zone) || "(none)").join(" · ") || "All records";
  return (
    <div className={"linkview" + (small ? " small" : "")}>
      {!small && <LinkSummary result={result} />}
      {tabs.length > 1 && (
        <div className="tabs" role="tablist" aria-label="Charts of the groups">
          {tabs.map((t) => <button key={t.id} type="button" role="tab" aria-selected={shown === t.id} onClick={() => setTab(t.id)}>{t.name}</button>)}
        </div>
      )}
      {!(small && shown === "bubbles" && !bubbles) && (
        <div className="link-chart">
          {shown === "bubbles" && (bubbles ? <Chart option={bubbles} label={`Bubbles of ${plural(result.rows.length, "group")} by start time`} onClick={(e) => setOpen(Number((e.data as { row?: number } | undefined)?.row ?? -1))} /> : <Empty title="No times to draw the groups by">They are in the table below.</Empty>)}
          {charts.map((c, i) => shown === "chart" + i && <Chart key={i} option={seriesOption(c.series, "bar", zone, palette, { legend: small ? "top" : "side" })} label={`Chart ${c.name}`} />)}
          {tables.map((t, i) => shown === "table" + i && (isClasses(t.columns) && !small ? <Classes key={i} table={t} zone={zone} /> : <ResultTable key={i} result={t} zone={zone} label={t.name} remember={"table " + t.name} />))}
          {shown === "sequence" && <Sequences rows={result.rows} at={sequences} name={name} zone={zone} />}
        </div>
      )}
      {(!small || shown === "bubbles") && !(small && bubbles) && (
        <div className="link-table">
          <ResultTable result={{ columns: result.columns.filter((_, i) => !sequences.some((s) => s.i === i)), rows: sequences.length === 0 ? result.rows : result.rows.map((r) => r.filter((_, i) => !sequences.some((s) => s.i === i))) }} zone={zone} label="Groups" onRow={(_, i) => setOpen(i)} selected={open} remember="link" />
        </div>
      )}
      {open !== undefined && result.rows[open] && <GroupDialog title={name(result.rows[open])} row={result.rows[open]} result={result} keys={keys} zone={zone} query={query} from={from} to={to} close={() => setOpen(undefined)} ask={ask} />}
    </div>
  );
}

type Nested = Record<string, unknown>[];

function isTable(v: unknown): v is Nested {
  return Array.isArray(v) && v.length > 0 && typeof v[0] === "object" && v[0] !== null && !Array.isArray(v[0]);
}

function LinkSummary({ result }: { result: Result }) {
  const count = result.columns.findIndex((c) => c.name === "Count");
  const records = count < 0 ? undefined : result.rows.reduce((n, r) => n + Number(r[count] ?? 0), 0);
  return (
    <div className="link-summary">
      <span data-groups={result.rows.length}><strong>{number(result.rows.length)}</strong> {result.rows.length === 1 ? "group" : "groups"}</span>
      {records !== undefined && <span data-records={records}><strong>{number(records)}</strong> records in them</span>}
      {(result.tables ?? []).map((t) => {
        const odd = t.columns.findIndex((c) => c.name === "Anomaly");
        if (odd < 0) return null;
        const n = t.rows.filter((r) => r[odd] === 1).length;
        return <span key={t.name}><strong>{number(n)}</strong> unusual {n === 1 ? "class" : "classes"} in {t.name}</span>;
      })}
    </div>
  );
}

function bubbleOption(r: Result, keys: number[], at: { start: number; count: number; took: number }, zone: string, p: Palette) {
  if (at.start < 0 || r.rows.length === 0) return undefined;
  const groups = keys.length > 0 ? [...new Set(r.rows.map((row) => label(row[keys[0]!], r.columns[keys[0]!], zone)))] : ["All"];
  const many = groups.length > 60;
  const most = Math.max(1, ...r.rows.map((row) => Number(row[at.count] ?? 1)));
  const data = r.rows.slice(0, 5000).map((row, i) => ({
    row: i,
    name: keys.map((k) => label(row[k], r.columns[k], zone)).join(" · "),
    value: [Number(row[at.start]), many ? Number(row[at.took] ?? 0) : label(row[keys[0] ?? -1], r.columns[keys[0] ?? -1], zone), Number(row[at.count] ?? 1), Number(row[at.took] ?? 0)],
  }));
  return {
    color: p.series,
    textStyle: { fontFamily: "Inter Variable, system-ui, sans-serif" },
    grid: { left: 8, right: 18, top: 14, bottom: 4, containLabel: true },
    xAxis: { type: "time", axisLabel: { color: p.muted, hideOverlap: true, margin: 18, formatter: (ms: number) => formatTime(ms, zone, "minute").slice(5) }, axisLine: { lineStyle: { color: p.line } }, splitLine: { show: true, lineStyle: { color: p.line } } },
    yAxis: many
      ? { type: "value", name: "", minInterval: 1, axisLabel: { color: p.muted, formatter: (n: number) => duration(n) }, splitLine: { lineStyle: { color: p.line } } }
      : { type: "category", data: groups, inverse: true, axisLabel: { color: p.muted, fontSize: 11, lineHeight: 14, formatter: shortened, hideOverlap: true }, axisTick: { show: false }, axisLine: { lineStyle: { color: p.line } } },
    tooltip: { confine: true, backgroundColor: p.surface, borderColor: p.line, textStyle: { color: p.text }, formatter: (e: { name: string; value: [number, unknown, number, number] }) => tip(e.name, [{ name: "Start", value: formatTime(e.value[0], zone, "second") }, { name: "Records", value: number(e.value[2]) }, { name: "Duration", value: duration(e.value[3]) }]) },
    series: [{ type: "scatter", data, symbolSize: (v: number[]) => 6 + (data.length > 300 ? 8 : 22) * Math.sqrt((v[2] ?? 1) / most), itemStyle: { opacity: 0.65, color: p.series[0], borderColor: p.surface } }],
  };
}

function isClasses(columns: Column[]): boolean {
  return ["Group Count", "Percentage", "Distance", "Anomaly"].every((n) => columns.some((c) => c.name === n));
}

/** Classes draws what classify found: each class by its share and its distance from the usual, and the table of them. */
function Classes({ table, zone }: { table: { name: string; columns: Column[]; rows: unknown[][] }; zone: string }) {
  const palette = usePalette();
  const at = (n: string) => table.columns.findIndex((c) => c.name === n);
  const option = useMemo(() => {
    const base = Number(table.rows[0]?.[at("Anomaly Baseline")] ?? 0);
    return {
      grid: { left: 8, right: 24, top: 26, bottom: 22, containLabel: true },
      xAxis: { type: "value", name: "share of groups, %", nameLocation: "middle", nameGap: 24, nameTextStyle: { color: palette.muted }, axisLabel: { color: palette.muted }, splitLine: { lineStyle: { color: palette.line } } },
      yAxis: { type: "value", name: "distance from the usual", nameTextStyle: { color: palette.muted, align: "left" }, axisLabel: { color: palette.muted }, splitLine: { lineStyle: { color: palette.line } } },
      tooltip: { confine: true, backgroundColor: palette.surface, borderColor: palette.line, textStyle: { color: palette.text }, formatter: (e: { data: { row: number } }) => tip(`Class ${String(table.rows[e.data.row]?.[at("Id")])}`, table.columns.slice(1, 14).map((c, i) => ({ name: c.name, value: label(table.rows[e.data.row]?.[i + 1], c, zone) }))) },
      series: [{
        type: "scatter",
        data: table.rows.map((r, row) => ({ row, value: [Number(r[at("Percentage")]), Number(r[at("Distance")]), Number(r[at("Group Count")])], itemStyle: { color: r[at("Anomaly")] === 1 ? palette.bad : palette.series[0], opacity: 0.75 } })),
        symbolSize: (v: number[]) => 8 + 3 * Math.sqrt(v[2] ?? 1),
        markLine: base > 0 ? { symbol: "none", silent: true, lineStyle: { color: palette.warn, type: "dashed" }, label: { formatter: "usual", color: palette.muted, position: "insideEndTop" }, data: [{ yAxis: base }] } : undefined,
      }],
    };
    // at only looks into table
  }, [table, palette, zone]);
  return (
    <div className="classes">
      <Chart option={option} label={`Classes of ${table.name}: ${table.rows.length}`} />
      <ResultTable result={table} zone={zone} label={table.name} remember={"table " + table.name} />
    </div>
  );
}

/** Sequences shows, for each group, the records that followed each other, in their order. */
function Sequences({ rows, at, name, zone }: { rows: unknown[][]; at: { c: Column; i: number }[]; name: (r: unknown[]) => string; zone: string }) {
  return (
    <ol className="sequences">
      {rows.slice(0, 200).map((r, n) => (
        <li key={n}>
          <h3 className="ellipsis">{name(r)}</h3>
          {at.map(({ c, i }) => isTable(r[i]) && (
            <ol key={i} className="sequence" aria-label={c.name}>
              {r[i].slice(0, 60).map((step, k) => {
                const time = Object.entries(step).find(([key]) => /time/i.test(key));
                return (
                  <li key={k}>
                    <time>{time && typeof time[1] === "number" ? formatTime(time[1], zone, "second") : ""}</time>
                    <span>{Object.entries(step).filter(([key]) => key !== time?.[0]).map(([, v]) => label(v)).join(" · ")}</span>
                  </li>
                );
              })}
            </ol>
          ))}
        </li>
      ))}
    </ol>
  );
}

type GroupProps = { title: string; row: unknown[]; result: Result; keys: { c: Column; i: number }[]; zone: string; query: string; from: string; to: string; close: () => void; ask?: (q: string, viz?: "records_histogram") => void };

/** GroupDialog shows what is known of a group, and its records. */
function GroupDialog({ title, row, result, keys, zone, query, from, to, close, ask }: GroupProps) {
  const clauses = splitQuery(query);
  const link = clauses.findIndex((c) => c.name === "link");
  const head = clauses.slice(0, link + 1);
  // The group's number is not among the columns unless asked for: it is looked up by the values of its keys.
  const records = useQuery({
    queryKey: ["group", query, from, to, keys.map(({ i }) => row[i])],
    queryFn: async ({ signal }) => {
      const groups = await api.query({ query: `${joinQuery(head)} | fields ID, ${keys.map(({ c }) => `'${c.original ?? c.name}'`).join(", ") || "Count"}`, from, to, limit: -1 }, signal);
      const idAt = groups.columns.findIndex((c) => c.name === "ID");
      const same = groups.rows.find((g) => keys.every(({ c, i }) => JSON.stringify(g[groups.columns.findIndex((x) => x.name === c.name || x.name === c.original)]) === JSON.stringify(row[i])));
      if (!same || idAt < 0) throw new Error("The group is no longer there; run the query again.");
      const drill = `${joinQuery(head)} | linkdetails '${String(same[idAt])}'`;
      return { drill, result: await api.query({ query: drill, from, to, limit: 500 }, signal) };
    },
  });
  return (
    <Dialog title={title} wide close={close} footer={records.data && ask && <Button kind="primary" icon="search" onClick={() => ask(records.data.drill, "records_histogram")}>Open in Log Explorer</Button>}>
      <dl className="facts">
        {result.columns.map((c, i) => (row[i] === null || row[i] === undefined || isTable(row[i]) ? null : (
          <div key={c.name}><dt>{c.name}</dt><dd>{isNumeric(c) && c.unit !== "ms" ? compact(Number(row[i])) : isTime(c) ? formatTime(Number(row[i]), zone, "second") : measureOr(row[i], c, zone)}</dd></div>
        )))}
      </dl>
      <h3>Records</h3>
      {records.isPending ? <Spinner /> : records.isError ? <ErrorNotice error={records.error} /> : <ResultTable result={filled(records.data.result)} zone={zone} label="Records of the group" height={340} remember="group" />}
    </Dialog>
  );
}

/** filled leaves out the columns in which no row has a value. */
function filled(r: Result): Result {
  const kept = r.columns.map((_, i) => i).filter((i) => r.rows.some((row) => row[i] !== null));
  return { ...r, columns: kept.map((i) => r.columns[i]!), rows: r.rows.map((row) => kept.map((i) => row[i])) };
}

function measureOr(v: unknown, c: Column, zone: string): string {
  return typeof v === "number" ? measureText(v, c) : label(v, c, zone);
}
