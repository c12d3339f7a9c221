import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { api, type Column, type Result } from "../api/client";
import { countable, kindOf, quote, splitQuery } from "../lib/querytext";
import { resolve, type Window } from "../lib/time";
import { useContent, useStatus } from "../session/session";
import { shownViz } from "../viz/registry";
import type { ExplorerState } from "./state";

export type FieldCount = { name: string; type: string; count: number; list: boolean };

/** A field that records show beside their text: not the text itself, nor what says the same of every record. */
export const bulky = new Set(["Original Log Content", "Message", "Audit Reference"]);

/** fieldsQuery counts in how many records each field has a value. */
export function fieldsQuery(records: string, fields: { displayName?: string; name: string }[]): string {
  return `${records} | stats count as Records, ` + fields.map((f, i) => `count(${quote(f.displayName ?? f.name)}) as f${i}`).join(", ");
}

/** useExplorer runs what an address asks for: the query, the histogram of its records, and the counts of their fields. */
export function useExplorer(state: ExplorerState, live: boolean) {
  const client = useQueryClient();
  const status = useStatus();
  const content = useContent();
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
  const ready = status.isSuccess && content.isSuccess;
  const grouped = viz === "cluster" || viz === "cluster_compare";

  const candidates = useMemo(() => (content.data?.fields ?? []).filter((f) => !f.isLargeData), [content.data]);
  const fields = useQuery({
    queryKey: ["fields", records, from, to],
    enabled: ready && candidates.length > 0 && !grouped,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const r = await api.query({ query: fieldsQuery(records, candidates), from, to, zone: state.zone }, signal);
      const row = r.rows[0] ?? [];
      const counts = candidates.map<FieldCount>((f, i) => ({ name: f.displayName ?? f.name, type: f.dataType ?? "STRING", list: f.isMultiValued ?? false, count: Number(row[i + 1] ?? 0) })).filter((f) => f.count > 0);
      return { total: Number(row[0] ?? 0), counts };
    },
  });

  // Records come with the fields they have; which these are is known from the counts. Until these are there, it is
  // the fields of the last time.
  const withFields = kind === "records";
  const counted = fields.data && !fields.isPlaceholderData ? fields.data.counts : undefined;
  const shows = useMemo(() => (withFields ? (counted?.map((f) => f.name).filter((n) => n !== "Time") ?? lastFields()) : []), [withFields, counted]);
  useEffect(() => {
    if (counted && counted.length > 0) rememberFields(counted.map((f) => f.name).filter((n) => n !== "Time"));
  }, [counted]);
  const text = withFields && shows.length > 0 && !clauses.some((c) => c.name === "fields") ? `${state.q} | fields ${shows.map(quote).join(", ")}` : state.q;

  const main = useQuery<Result>({
    queryKey: ["query", text, from, to, state.zone, withFields ? state.rows : -1, state.q],
    enabled: ready,
    placeholderData: (before, asked) => (asked && asked.queryKey[6] === state.q && (live || (asked.queryKey[2] === from && asked.queryKey[3] === to)) ? before : undefined),
    gcTime: 60_000,
    queryFn: ({ signal }) => api.query({ query: text, from, to, zone: state.zone, limit: withFields ? state.rows : -1 }, signal),
  });

  const histogram = useQuery({
    queryKey: ["histogram", records, from, to, state.zone],
    enabled: ready && (viz === "records_histogram" || viz === "table_histogram"),
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => api.query({ query: `${records} | timestats count as Records by 'Log Source'`, from, to, zone: state.zone }, signal),
  });

  return {
    status: status.data, content: content.data, window, kind, viz, clauses, records, main, histogram, fields, sent: { query: text, from, to, zone: state.zone },
    busy: main.isFetching || histogram.isFetching,
    trouble: status.error ?? content.error,
    run: () => setRuns((n) => n + 1),
    cancel: () => {
      for (const key of ["query", "histogram", "fields"]) void client.cancelQueries({ queryKey: [key] });
    },
  };
}

const FIELDS = "ledgerline.fields";

function lastFields(): string[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(FIELDS) ?? "[]");
    return Array.isArray(list) ? list.filter((n): n is string => typeof n === "string") : [];
  } catch {
    return [];
  }
}

function rememberFields(names: string[]): void {
  try {
    localStorage.setItem(FIELDS, JSON.stringify(names));
  } catch {
    // they are counted again then
  }
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
