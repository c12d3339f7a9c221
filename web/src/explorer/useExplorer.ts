import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, type Column, type Result } from "../api/client";
import { countable, kindOf, quote, splitQuery } from "../lib/querytext";
import { resolve, type Window } from "../lib/time";
import { useStatus } from "../session/session";
import { shownViz } from "../viz/registry";
import type { ExplorerState } from "./state";
import type { FieldInfo } from "./useFieldCounts";

/** A field that records show beside their text: not the text itself, nor what says the same of every record. */
export const bulky = new Set(["Original Log Content", "Message", "Audit Reference"]);

const parts = ["query", "histogram", "fields", "counts"];

/** Columns of a table of records for which none is chosen, as far as records have them. */
const usualColumns = ["Time", "Log Source", "User Name", "Entity", "OCI Resource Name", "Resource Type", "Resource Operations", "Original Log Content"];

const FEW = 10; // columns that a table shows without choosing among them

/** columnsOf are the columns that a table of records shows when none is chosen: all that have a value, or of many the usual ones. */
export function columnsOf(r: Pick<Result, "columns" | "rows">): string[] {
  const filled = r.columns.filter((c, i) => !c.hidden && r.rows.some((row) => row[i] !== null && row[i] !== undefined)).map((c) => c.name);
  return filled.length <= FEW ? filled : usualColumns.filter((name) => filled.includes(name));
}

const MANY = 5_000; // records beyond which each comes with the shown columns alone; one that is opened brings the rest
const identity = { "Upload ID": "muploadid", "Record Number": "ordinal" }; // fields that together name a record, and their columns

/** named gives the columns that name a record the names by which they were asked for, in place of their own. */
export function named(r: Result): Result {
  const nameOf = new Map(Object.entries(identity).map(([field, column]) => [column, field]));
  return { ...r, columns: r.columns.map((c) => ({ ...c, ...(nameOf.has(c.name) && { name: nameOf.get(c.name)!, original: nameOf.get(c.name) }) })) };
}

/** columnsToAsk are the fields that records are asked for with. */
export function columnsToAsk(fields: FieldInfo[], rows: number, chosen: string[]): string[] {
  const names = fields.map((f) => f.name).filter((n) => n !== "Time");
  if (rows <= MANY) return names;
  const shown = new Set([...(chosen.length > 0 ? chosen : usualColumns), ...Object.keys(identity)]);
  return names.filter((n) => shown.has(n));
}

/** withColumns is a query that says itself which fields its records have, unless it says so or gives no records. */
export function withColumns(query: string, columns: string[]): string {
  const clauses = splitQuery(query);
  const asks = kindOf(clauses) === "records" && columns.length > 0 && !clauses.some((c) => c.name === "fields");
  return asks ? `${query} | fields ${columns.map(quote).join(", ")}` : query;
}

/** useExplorer runs what an address asks for: the query, the histogram of its records, and which fields these have. */
export function useExplorer(state: ExplorerState, live: boolean) {
  const client = useQueryClient();
  const status = useStatus();
  const [runs, setRuns] = useState(0);
  const clock = status.data?.clock ?? 0;
  const rangeKey = JSON.stringify(state.range);

  // The window is fixed when a run begins, so that all parts of the page look at the same records.
  const window = useMemo<Window>(() => resolve(state.range, Date.now() + clock), [rangeKey, state.q, runs, status.isSuccess]);

  const clauses = useMemo(() => splitQuery(state.q), [state.q]);
  const kind = kindOf(clauses);
  const viz = shownViz(state.q, state.viz);
  const records = countable(clauses);
  const from = new Date(window.from).toISOString(),
    to = new Date(window.to).toISOString();
  const ready = status.isSuccess;

  const fields = useQuery({
    queryKey: ["fields", records, from, to],
    enabled: ready,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const present = (await api.fields({ query: records, from, to, zone: state.zone }, signal)).filter((f) => !f.large);
      return present.map<FieldInfo>((f) => ({ name: f.name, type: f.type, list: f.list ?? false })).sort((a, b) => a.name.localeCompare(b.name));
    },
  });

  // Records come with the fields they may have; a query that says itself which to show is left as it is.
  const withFields = kind === "records";
  const known = fields.isError || (fields.isSuccess && !fields.isPlaceholderData);
  const shows = useMemo(() => columnsToAsk(fields.data ?? [], state.rows, state.cols), [fields.data, state.rows, state.cols]);
  const text = withColumns(state.q, shows);

  const main = useQuery<Result>({
    queryKey: ["query", text, from, to, state.zone, withFields ? state.rows : -1, state.q],
    enabled: ready && (known || !withFields),
    placeholderData: (before, asked) => (asked && asked.queryKey[6] === state.q && (live || (asked.queryKey[2] === from && asked.queryKey[3] === to)) ? before : undefined),
    gcTime: 60_000,
    queryFn: ({ signal }) => api.query({ query: text, from, to, zone: state.zone, limit: withFields ? state.rows : -1 }, signal).then(named),
  });

  const histogram = useQuery({
    queryKey: ["histogram", records, from, to, state.zone],
    enabled: ready && withFields, // it also tells how many records there are
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => api.query({ query: `${records} | timestats count as Records by 'Log Source'`, from, to, zone: state.zone }, signal),
  });

  /** whole asks for a record with all of its fields. */
  const whole = async (row: unknown[], columns: Column[], signal: AbortSignal) => {
    const time = Number(row[columnAt(columns, "Time")]);
    const conditions = Object.entries(identity).map(([field, column]) => `${quote(field)} = ${quote(String(row[columns.findIndex((c) => c.internal === column)] ?? ""))}`);
    const all = columnsToAsk(fields.data ?? [], 0, []);
    const r = await api.query({ query: `${conditions.join(" and ")} | fields ${all.map(quote).join(", ")}`, from: new Date(time).toISOString(), to: new Date(time + 1).toISOString(), zone: state.zone, limit: 1 }, signal).then(named);
    return r.rows[0] ? { row: r.rows[0], columns: r.columns } : { row, columns };
  };

  return {
    whole: withFields && state.rows > MANY ? whole : undefined,
    status: status.data, window, kind, viz, clauses, records, main, histogram, fields, sent: { query: text, from, to, zone: state.zone },
    busy: main.isFetching || histogram.isFetching || (fields.isFetching && withFields && !known),
    trouble: status.error,
    retry: () => void status.refetch(),
    run: () => {
      // A range that moves with the time makes a new question of the same query; a fixed one is asked again.
      if ("last" in state.range) setRuns((n) => n + 1);
      else for (const key of parts) void client.invalidateQueries({ queryKey: [key] });
    },
    cancel: () => {
      for (const key of parts) void client.cancelQueries({ queryKey: [key] });
    },
  };
}

/** recordsIn sums a histogram. */
export function recordsIn(r: Result | undefined): number | undefined {
  if (!r?.series) return undefined;
  let n = 0;
  for (const l of r.series.lines) for (const v of l.points[0] ?? []) n += Number(v ?? 0);
  return n;
}

/** columnAt finds a column by name. */
export function columnAt(columns: Column[], name: string): number {
  return columns.findIndex((c) => c.name === name);
}
