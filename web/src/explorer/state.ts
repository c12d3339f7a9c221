import { useMemo } from "react";
import { href, navigate, splitLocation, useLocation } from "../router";
import { rangeParams, readRange, type Range } from "../lib/time";
import { isVizId, type VizId } from "../viz/registry";

/** ExplorerState is what an address of Log Explorer holds: enough to see the same again. */
export type ExplorerState = {
  q: string;
  range: Range;
  zone: string;
  viz: VizId | ""; // empty: what suits the query
  cols: string[]; // of records; empty: chosen by what they hold
  rows: number; // records asked for
};

export const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
export const ROWS = [500, 5_000, 100_000];

function readState(location: string): ExplorerState {
  const { params } = splitLocation(location);
  const viz = params.get("viz") ?? "";
  const rows = Number(params.get("rows"));
  return {
    q: params.get("q") ?? "*",
    range: readRange(params, { last: "7d" }),
    zone: params.get("tz") ?? browserZone,
    viz: isVizId(viz) ? viz : "",
    cols: params.getAll("col").slice(0, 100),
    rows: ROWS.includes(rows) ? rows : ROWS[0]!,
  };
}

function stateHref(s: ExplorerState): string {
  const base = href("/explore", {
    q: s.q,
    ...rangeParams(s.range),
    tz: s.zone === browserZone ? undefined : s.zone,
    viz: s.viz,
    rows: s.rows === ROWS[0] ? undefined : String(s.rows),
  });
  return base + s.cols.map((c) => "&col=" + encodeURIComponent(c)).join("");
}

/** exploreHref is a link to Log Explorer with a query and a time range. */
export function exploreHref(q: string, range: Range, viz: VizId | "" = "", zone = browserZone): string {
  return stateHref({ q, range, viz, zone, cols: [], rows: ROWS[0]! });
}

export function useExplorerState(): [ExplorerState, (patch: Partial<ExplorerState>, options?: { replace?: boolean }) => void] {
  const location = useLocation();
  const state = useMemo(() => readState(location), [location]);
  return [state, (patch, options) => navigate(stateHref({ ...state, ...patch }), options)];
}
