import { quote } from "../lib/querytext";

// Metric tiles ask in the query language of OCI Monitoring. The data points that were collected are records of a
// log source, so that such a question becomes one about records. What is taken: Name[interval]{dim = "v", …}
// .grouping() or .groupBy(dim, …).statistic(), the quotient of two of these, and arithmetic of that with numbers.

export type MetricQuery = { metric: string; dims: { name: string; op: string; value: string }[]; by: string[]; statistic: string; factor: string; over?: MetricQuery };

const term = String.raw`\w+\s*\[[^\]]*\]\s*(?:\{[^}]*\})?(?:\.\s*\w+\s*\([^)]*\))*`;
const quotient = new RegExp(String.raw`^\s*(${term})\s*/\s*(${term})\s*((?:[*/+-]\s*[\d.]+\s*)*)$`);

const fieldOf: Record<string, string> = {
  resourceId: "OCI Resource OCID", resourceName: "OCI Resource Name", integrationFlowIdentifier: "Identifier", flowCode: "Integration", flowVersion: "Integration Version", adapterIdentifier: "Adapter",
};

const statistics: Record<string, (v: string) => string> = {
  sum: (v) => `sum(${v})`, mean: (v) => `avg(${v})`, avg: (v) => `avg(${v})`, max: (v) => `max(${v})`, min: (v) => `min(${v})`, count: (v) => `count(${v})`, rate: (v) => `sum(${v})`,
};

/** parseMQL reads a question; a text tells what is not understood. */
export function parseMQL(text: string): MetricQuery | string {
  const two = quotient.exec(text);
  if (two) {
    const [q, over] = [parseMQL(two[1]!), parseMQL(two[2]!)];
    if (typeof q === "string") return q;
    if (typeof over === "string") return over;
    if (JSON.stringify([q.dims, q.by]) !== JSON.stringify([over.dims, over.by])) return "its two metrics are of different records";
    return { ...q, over, factor: two[3]!.replace(/\s+/g, "") };
  }
  const m = /^\s*(\w+)\s*\[[^\]]*\]\s*(?:\{([^}]*)\})?((?:\.\s*\w+\s*\([^)]*\))*)\s*((?:[*/+-]\s*[\d.]+\s*)*)$/.exec(text);
  if (!m) return "it combines several metrics";
  const calls = [...(m[3] ?? "").matchAll(/\.\s*(\w+)\s*\(([^)]*)\)/g)].map((c) => ({ name: c[1]!, args: c[2]!.trim() }));
  const dims: MetricQuery["dims"] = [];
  for (const part of (m[2] ?? "").split(",").filter((p) => p.trim() !== "")) {
    const d = /^\s*(\w+)\s*(=~|!~|!=|=)\s*(.*?)\s*$/.exec(part);
    if (!d) return `its condition ${part.trim()} is not understood`;
    const value = d[3]!.replace(/^\\?"|\\?"$/g, "");
    if (value !== "") dims.push({ name: d[1]!, op: d[2]!, value });
  }
  const group = calls.find((c) => c.name === "groupBy" || c.name === "grouping");
  const by = group?.args ? group.args.split(",").map((a) => a.trim().replace(/^\\?"|\\?"$/g, "")) : [];
  const last = calls.at(-1);
  if (!last || last === group) return "it has no statistic";
  const statistic = last.name === "percentile" ? `percentile:${last.args}` : last.name;
  if (last.name !== "percentile" && !statistics[last.name]) return `its statistic ${last.name} is not understood`;
  return { metric: m[1]!, dims, by, statistic, factor: (m[4] ?? "").replace(/\s+/g, "") };
}

/** logQuery asks the collected data points. */
export function logQuery(q: MetricQuery): string | { problem: string } {
  const field = (dim: string) => fieldOf[dim];
  const unknown = [...q.dims.map((d) => d.name), ...q.by].find((d) => !field(d));
  if (unknown) return { problem: `the dimension ${unknown} is not among the collected fields` };
  const conditions = q.dims.map((d) => {
    const name = quote(field(d.name)!);
    if (d.op === "=~" || d.op === "!~") return `${name} ${d.op === "!~" ? "not " : ""}like in (${d.value.split("|").map(quote).join(", ")})`;
    return `${name} ${d.op} ${quote(d.value)}`;
  });
  const by = q.by.length > 0 ? ` by ${q.by.map((b) => quote(field(b)!)).join(", ")}` : "";
  const named = q.over ? `in (${quote(q.metric)}, ${quote(q.over.metric)})` : `= ${quote(q.metric)}`;
  const search = ["'Log Source' = 'OCI Integration Metrics'", `'Metric Name' ${named}`, ...conditions].join(" and ");
  if (!q.over) return `${search} | timestats ${measure(q, "'Metric Value'")} as Value${by}` + (q.factor ? ` | eval Value = Value ${q.factor}` : "");
  const only = (name: string, metric: string) => `eval ${name} = if('Metric Name' = ${quote(metric)}, 'Metric Value', null)`;
  return `${search} | ${only("One", q.metric)} | ${only("Other", q.over.metric)} | timestats ${measure(q, "One")} as One, ${measure(q.over, "Other")} as Other${by} | eval Value = One / Other ${q.factor}`.trimEnd() + " | fields -One, -Other";
}

function measure(q: MetricQuery, value: string): string {
  const p = /^percentile:(.*)$/.exec(q.statistic);
  return p ? `pct(${value}, ${Number(p[1]) * 100})` : statistics[q.statistic]!(value);
}
