import { keepPreviousData, useQueries } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { api } from "../api/client";
import { quote } from "../lib/querytext";

/** A field that the records found may have. */
export type FieldInfo = { name: string; type: string; list: boolean };

const BATCH = 24;

/** batches cuts a list of fields into those that are counted by one query each. */
export function batches(fields: FieldInfo[]): FieldInfo[][] {
  const out: FieldInfo[][] = [];
  for (let i = 0; i < fields.length; i += BATCH) out.push(fields.slice(i, i + BATCH));
  return out;
}

/** countsQuery counts in how many records each field has a value. */
export function countsQuery(records: string, fields: FieldInfo[]): string {
  return `${records} | stats count as Records, ` + fields.map((f, i) => `count(${quote(f.name)}) as f${i}`).join(", ");
}

/**
 * useFieldCounts counts in how many records fields have a value, a batch at a time, and only batches of which a
 * field was in sight: see tells that one is.
 */
export function useFieldCounts(fields: FieldInfo[], records: string, from: string, to: string, enabled: boolean) {
  const cut = useMemo(() => batches(fields), [fields]);
  const batchOf = useMemo(() => new Map(cut.flatMap((batch, i) => batch.map((f) => [f.name, i] as const))), [cut]);
  const [wanted, setWanted] = useState<ReadonlySet<number>>(new Set([0]));
  useEffect(() => setWanted(new Set([0])), [cut]);
  const answers = useQueries({
    queries: cut.map((batch, i) => ({
      queryKey: ["counts", i, records, from, to, batch],
      enabled: enabled && wanted.has(i),
      placeholderData: keepPreviousData,
      queryFn: async ({ signal }: { signal: AbortSignal }) => {
        const row = (await api.query({ query: countsQuery(records, batch), from, to }, signal)).rows[0] ?? [];
        return { total: Number(row[0] ?? 0), counts: new Map(batch.map((f, j) => [f.name, Number(row[j + 1] ?? 0)])) };
      },
    })),
  });
  const counts = new Map(answers.flatMap((a) => [...(a.data?.counts ?? [])]));
  const see = useCallback(
    (name: string) => {
      const i = batchOf.get(name);
      if (i !== undefined) setWanted((w) => (w.has(i) ? w : new Set([...w, i])));
    },
    [batchOf],
  );
  return { counts, total: answers.find((a) => a.data)?.data?.total, error: answers.find((a) => a.error)?.error ?? null, see };
}
