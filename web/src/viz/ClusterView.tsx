import { useMemo, useState } from "react";
import type { Result } from "../api/client";
import { number, plural } from "../lib/format";
import { joinQuery, quote, recordsPart, splitQuery } from "../lib/querytext";
import { Button, Empty } from "../ui/controls";
import { Text } from "../ui/Text";
import { Sparkline } from "./Sparkline";
import type { ViewProps } from "./View";

type Cluster = { id: string; source: string; count: number; sample: string; samples: number; shape: string; trend: number[]; problem: boolean; priority: string; foundIn: string; collection: string };

function clustersOf(r: Result): Cluster[] {
  const at = (name: string) => r.columns.findIndex((c) => c.name === name);
  const [id, source, count, sample, samples, shape, trend, problem, priority, found, collection] = ["ID", "Log Source", "Count", "Cluster Sample", "Sample Count", "Shape", "Trend", "Potential Issue", "Problem Priority", "Found In", "Collection"].map(at) as [number, number, number, number, number, number, number, number, number, number, number];
  return r.rows.map((row) => ({
    id: String(row[id] ?? ""), source: String(row[source] ?? ""), count: Number(row[count] ?? 0), sample: String(row[sample] ?? ""), samples: Number(row[samples] ?? 0), shape: String(row[shape] ?? ""),
    trend: Array.isArray(row[trend]) ? (row[trend] as number[]) : [], problem: String(row[problem] ?? "") === "1", priority: String(row[priority] ?? ""), foundIn: String(row[found] ?? ""), collection: String(row[collection] ?? ""),
  }));
}

type Tab = "all" | "issues" | "outliers" | "trends";

/** ClusterView shows what messages say the same: all, those that look like trouble, the rare ones, and which rise and fall together. */
export function ClusterView({ result, query, viz, ask, small }: ViewProps) {
  const clusters = useMemo(() => clustersOf(result), [result]);
  const [tab, setTab] = useState<Tab>("all");
  const [limit, setLimit] = useState(50);
  const outliers = clusters.filter((c) => c.count === 1);
  const trends = useMemo(() => {
    const shapes = new Map<string, Cluster[]>();
    for (const c of clusters) if (c.shape !== "") shapes.set(c.shape, [...(shapes.get(c.shape) ?? []), c]);
    return [...shapes.values()].filter((list) => list.length > 1).sort((a, b) => b.length - a.length);
  }, [clusters]);
  const tabs: [Tab, string, number][] = [
    ["all", "Clusters", clusters.length],
    ["issues", "Potential issues", clusters.filter((c) => c.problem).length],
    ["outliers", "Outliers", outliers.length],
    ["trends", "Trends", trends.length],
  ];
  const list = tab === "issues" ? clusters.filter((c) => c.problem) : tab === "outliers" ? outliers : clusters;
  const open = (c: Cluster) => {
    const records = joinQuery(recordsPart(splitQuery(query))) || "*";
    ask?.(`${records} | clusterdetails ${c.collection ? `collection = ${quote(c.collection)} ` : ""}${quote(c.id)}`, "records_histogram");
  };
  return (
    <div className="clusters">
      {!small && (
        <div className="tabs" role="tablist" aria-label="Clusters">
          {tabs.map(([id, name, n]) => (
            <button key={id} type="button" role="tab" aria-selected={tab === id} onClick={() => setTab(id)}>
              {name} <span className="tag" data-count={n}>{number(n)}</span>
            </button>
          ))}
        </div>
      )}
      <div className="cluster-list">
        {tab === "trends" ? (
          trends.length === 0 ? <Empty title="No two clusters rise and fall alike" /> : trends.slice(0, limit).map((group, i) => (
            <div key={i} className="cluster">
              <div className="cluster-side"><strong>{plural(group.length, "cluster")}</strong><Sparkline values={group[0]!.trend} width={140} height={26} /></div>
              <div className="cluster-text">{group.slice(0, 5).map((c) => <div key={c.id} className="mono clamp2"><Text value={fold(c.sample)} limit={300} /></div>)}{group.length > 5 && <span className="muted">and {group.length - 5} more</span>}</div>
            </div>
          ))
        ) : list.length === 0 ? <Empty title={tab === "issues" ? "No message looks like trouble" : "None"} /> : (
          list.slice(0, limit).map((c) => (
            <div key={c.id + c.source + c.foundIn} className="cluster">
              <div className="cluster-side">
                <strong data-count={c.count}>{number(c.count)}</strong>
                {c.trend.length > 1 && <Sparkline values={c.trend} width={140} height={26} label="Records over time" />}
                <span className="row">
                  {c.problem && <span className={"tag " + (c.priority === "High" ? "bad" : "warn")}>{c.priority ? `${c.priority} priority` : "Potential issue"}</span>}
                  {c.foundIn && <span className="tag accent">{viz === "cluster_compare" && c.foundIn === "Current" ? "Only now" : c.foundIn === "Baseline" ? "Only before" : c.foundIn}</span>}
                </span>
              </div>
              <div className="cluster-text">
                <div className="mono clamp3"><Text value={fold(c.sample)} limit={900} /></div>
                <div className="muted row">
                  <span>{c.source}</span>
                  {c.samples > 1 && <span>{plural(c.samples, "signature")}</span>}
                  {ask && <Button kind="quiet" small icon="records" onClick={() => open(c)}>Records</Button>}
                </div>
              </div>
            </div>
          ))
        )}
        {(tab === "trends" ? trends.length : list.length) > limit && <div className="pad"><Button onClick={() => setLimit(limit + 200)}>Show more</Button></div>}
      </div>
    </div>
  );
}

function fold(s: string): string {
  return s.replace(/\s+/g, " ");
}
