import { groupedBy, joinQuery, quote, recordsPart, splitQuery, kindOf, type Clause, type Kind } from "../lib/querytext";
import type { IconName } from "../ui/icons";

export type VizId =
  | "records_histogram" | "records" | "table" | "table_histogram" | "line" | "area" | "bar" | "hbar" | "pie" | "sunburst" | "treemap" | "heatmap" | "tile"
  | "summary" | "distinct" | "words" | "map" | "cluster" | "cluster_compare" | "link";

export type Viz = {
  id: VizId;
  name: string;
  icon: IconName;
  takes: Kind[]; // kinds of queries it can show as they are
  clause?: (by: string[], value: string) => string; // what makes such a query of one that gives records
  by: number; // fields to group by: at most so many
};

const by = (fields: string[]) => (fields.length === 0 ? "" : " by " + fields.map(quote).join(", "));
const counts = (fields: string[], value: string) => `stats ${value} as Value${by(fields)}${fields.length ? " | sort -Value" : ""}`.replace("count as Value", "count as Records").replace("sort -Value", value === "count" ? "sort -Records" : "sort -Value");
const overTime = (fields: string[], value: string) => `timestats ${value === "count" ? "count as Records" : value + " as Value"}${by(fields)}`;

export const VIZ: Viz[] = [
  { id: "records_histogram", name: "Records with histogram", icon: "records", takes: ["records"], by: 0 },
  { id: "records", name: "Records", icon: "records", takes: ["records"], by: 0 },
  { id: "table", name: "Table", icon: "table", takes: ["records", "table", "series", "map", "link", "cluster"], by: 0 },
  { id: "table_histogram", name: "Table with histogram", icon: "table", takes: ["records"], by: 0 },
  { id: "line", name: "Line", icon: "line", takes: ["series", "table"], clause: overTime, by: 2 },
  { id: "area", name: "Area", icon: "area", takes: ["series", "table"], clause: overTime, by: 2 },
  { id: "bar", name: "Bar", icon: "bar", takes: ["series", "table"], clause: overTime, by: 2 },
  { id: "hbar", name: "Horizontal bar", icon: "hbar", takes: ["table"], clause: counts, by: 2 },
  { id: "pie", name: "Pie", icon: "pie", takes: ["table"], clause: counts, by: 2 },
  { id: "sunburst", name: "Sunburst", icon: "sunburst", takes: ["table"], clause: counts, by: 4 },
  { id: "treemap", name: "Treemap", icon: "treemap", takes: ["table"], clause: counts, by: 4 },
  { id: "heatmap", name: "Heat map", icon: "heatmap", takes: ["series", "table"], clause: overTime, by: 1 },
  { id: "tile", name: "Tile", icon: "tile", takes: ["table", "series"], clause: (_, value) => counts([], value), by: 0 },
  { id: "summary", name: "Summary table", icon: "summary", takes: ["table", "link"], clause: (f, v) => `stats ${v === "count" ? "count as Records" : v + " as Value"}, trend(count) as Trend${by(f)}${f.length ? (v === "count" ? " | sort -Records" : " | sort -Value") : ""}`, by: 3 },
  { id: "distinct", name: "Distinct", icon: "distinct", takes: ["table"], clause: (f) => `distinct ${f.map(quote).join(", ")}`, by: 4 },
  { id: "words", name: "Word cloud", icon: "words", takes: ["table"], clause: counts, by: 1 },
  { id: "map", name: "Map", icon: "map", takes: ["map", "table"], clause: (_, v) => `geostats ${v === "count" ? "count as Records" : v + " as Value"}`, by: 0 },
  { id: "cluster", name: "Cluster", icon: "cluster", takes: ["cluster"], clause: () => "cluster", by: 0 },
  { id: "cluster_compare", name: "Cluster compare", icon: "compare", takes: ["cluster"], clause: () => "clustercompare", by: 0 },
  { id: "link", name: "Link", icon: "link", takes: ["link"], clause: (f) => `link ${f.map(quote).join(", ")}`, by: 4 },
];

export function isVizId(s: string): s is VizId {
  return VIZ.some((v) => v.id === s);
}

export function vizOf(id: VizId): Viz {
  return VIZ.find((v) => v.id === id)!;
}

/** normalViz is how a kind of result is shown when nothing is chosen. */
function normalViz(kind: Kind, clauses: Clause[]): VizId {
  switch (kind) {
    case "records":
      return "records_histogram";
    case "series":
      return "bar";
    case "link":
      return "link";
    case "cluster":
      return clauses.some((c) => c.name === "clustercompare") ? "cluster_compare" : "cluster";
    case "map":
      return "map";
    case "table":
      return "table";
  }
}

/** shows tells which visualisation a query gets: the one asked for if it can show the query, else the usual one. */
export function shownViz(query: string, wanted: VizId | ""): VizId {
  const clauses = splitQuery(query);
  const kind = kindOf(clauses);
  if (wanted !== "" && vizOf(wanted).takes.includes(kind)) return wanted;
  return normalViz(kind, clauses);
}

/** queryFor makes of a query one that a visualisation can show: as it is if that works, else its records grouped anew. */
export function queryFor(query: string, id: VizId, fallback: string, fields?: string[], value = "count"): string {
  const viz = vizOf(id);
  const clauses = splitQuery(query);
  const kind = kindOf(clauses);
  const sameCluster = kind !== "cluster" || id === "table" || normalViz(kind, clauses) === id;
  if (!fields && viz.takes.includes(kind) && sameCluster) return query;
  const records = recordsPart(clauses).filter((c) => !viz.clause || c.name !== "fields");
  if (!viz.clause) return joinQuery(records) || "*";
  const grouped = clauses.find((c) => ["stats", "timestats", "link", "distinct"].includes(c.name));
  const before = fields ?? (grouped ? groupedBy(grouped.text.replace(/^(link|distinct)\b/i, "x by")) : []);
  const chosen = (before.length > 0 || viz.by === 0 ? before : [fallback]).slice(0, viz.by);
  return `${joinQuery(records) || "*"} | ${viz.clause(chosen, value)}`;
}
