import { useCallback } from "react";
import { api } from "../api/client";
import { exploreHref } from "../explorer/state";
import { countable, splitQuery } from "../lib/querytext";
import { absolute } from "../lib/time";
import { navigate } from "../router";
import type { Drill } from "../viz/View";
import type { Scope } from "./DashboardView";

/** useDrill leads from a group of a tile to its records in Log Explorer, in the dashboard's time range. */
export function useDrill(query: string, scope: Scope): Drill {
  const { namespace, window, zone } = scope;
  return useCallback(
    (filters) => {
      const records = countable(splitQuery(query));
      const conditions = filters.map((f) => ({ operator: f.not ? "NOT_EQUALS" : "EQUALS", fieldName: f.field, values: [f.value] }));
      const open = (q: string) => navigate(exploreHref(q, absolute(window), "records_histogram", zone));
      // Without the narrowing, the tile's records are still more than nothing.
      void api.filter(namespace, records, conditions).then(open, () => open(records));
    },
    [query, namespace, window, zone],
  );
}
