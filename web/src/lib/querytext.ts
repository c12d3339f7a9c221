// What pages need to know of a query's text. The server's parser decides what is right; here a text is only split
// at its pipes, so that clauses can be added and taken away without touching what a person wrote before them.

export type Clause = { text: string; name: string };

/** splitQuery splits at the pipes outside of quotes, brackets and comments. The first clause is the search. */
export function splitQuery(query: string): Clause[] {
  const out: string[] = [];
  let depth = 0,
    start = 0;
  for (let i = 0; i < query.length; i++) {
    const c = query[i]!;
    if (c === "'" || c === '"') {
      for (i++; i < query.length && query[i] !== c; i++) if (query[i] === "\\") i++;
    } else if (c === "/" && query[i + 1] === "*") {
      const end = query.indexOf("*/", i + 2);
      i = end < 0 ? query.length : end + 1;
    } else if (c === "/" && query[i + 1] === "/" && /\s/.test(query[i - 1] ?? " ")) {
      const end = query.indexOf("\n", i);
      i = end < 0 ? query.length : end;
    } else if ("([{".includes(c)) depth++;
    else if (")]}".includes(c)) depth = Math.max(0, depth - 1);
    else if (c === "|" && depth === 0) {
      out.push(query.slice(start, i));
      start = i + 1;
    }
  }
  out.push(query.slice(start));
  return out.map((text, i) => ({ text: text.trim(), name: i === 0 ? "search" : (/^\s*(\w+)/.exec(text)?.[1] ?? "").toLowerCase() }));
}

export function joinQuery(clauses: Clause[]): string {
  return clauses.map((c) => c.text).join(" | ");
}

// Commands after which rows are no longer records.
const grouping = new Set([
  "stats", "timestats", "geostats", "link", "cluster", "clustercompare", "clustersplit", "distinct", "top", "bottom", "rare", "fieldsummary", "timecluster", "eventstats",
]);

export type Kind = "records" | "table" | "series" | "link" | "cluster" | "map";

/** kindOf tells what the rows of a query are. */
export function kindOf(clauses: Clause[]): Kind {
  let kind: Kind = "records";
  for (const { name } of clauses) {
    if (name === "link") kind = "link";
    else if (name === "linkdetails" || name === "clusterdetails") kind = "records";
    else if (kind === "link") continue;
    else if (name === "cluster" || name === "clustercompare" || name === "clustersplit") kind = "cluster";
    else if (name === "timestats" || name === "timecluster") kind = "series";
    else if (name === "geostats") kind = "map";
    else if (grouping.has(name)) kind = "table";
  }
  return kind;
}

/** recordsPart is the beginning of a query that gives records: all before the first grouping command, unless linkdetails takes its groups apart again. */
export function recordsPart(clauses: Clause[]): Clause[] {
  const details = clauses.findLastIndex((c) => c.name === "linkdetails");
  const i = clauses.findIndex((c, at) => at > details && grouping.has(c.name));
  return i < 0 ? clauses : clauses.slice(0, i);
}

/** countable is the part of a query whose records can be counted: what only orders or shows them is left out. */
export function countable(clauses: Clause[]): string {
  const shows = new Set(["sort", "fields", "highlight", "highlightrows"]);
  return joinQuery(recordsPart(clauses).filter((c) => !shows.has(c.name))) || "*";
}

const plainName = /^[A-Za-z_][A-Za-z0-9_.]*$/;
const reserved = new Set(["and", "or", "not", "in", "like", "between", "by", "as", "null", "is", "true", "false"]);

/** quote writes a name or value as a query spells it. */
export function quote(name: string): string {
  if (plainName.test(name) && !reserved.has(name.toLowerCase())) return name;
  const text = name.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t");
  return `'${text}'`;
}

/** groupedBy reads the fields after the last top-level "by" of a clause. */
export function groupedBy(clause: string): string[] {
  const m = /\bby\b((?:[^'"|]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")*)$/i.exec(clause);
  if (!m) return [];
  return (m[1]!.match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s,]+/g) ?? []).map((t) => t.replace(/^['"]|['"]$/g, "").replace(/\\(.)/g, "$1"));
}
