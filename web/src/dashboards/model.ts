import { isVizId, type VizId } from "../viz/registry";
import { logQuery, parseMQL } from "./mql";

// Dashboards as Oracle's Management Dashboard service describes them. What this page does not know stays in the
// object as it came, so that an export has it again.

export type Tile = {
  displayName: string;
  savedSearchId: string;
  row: number;
  column: number;
  height: number;
  width: number;
  nls?: Nls;
  uiConfig?: UiConfig;
  dataConfig?: DataSource[];
  parametersMap?: Record<string, unknown>;
  [other: string]: unknown;
};

export type Nls = Record<string, unknown>;
type UiConfig = {
  vizType?: string;
  visualizationType?: string;
  queryString?: string;
  timeSelection?: { timePeriod?: string; numUnits?: number; units?: string };
  visualizationOptions?: Record<string, unknown>;
  containerInfo?: { layout?: { type?: string }; subTiles?: Tile[] };
  chartInfo?: { jetConfig?: { type?: string; stack?: string; yAxis?: { title?: string } } };
  defaultDataSource?: string;
  [other: string]: unknown;
};
export type DataSource = { name?: string; type?: string; parameters?: { namespace?: string; mql?: string; dependents?: string[] } };
export type BoardSearch = { id: string; displayName: string; description?: string; providerId?: string; uiConfig?: UiConfig; dataConfig?: DataSource[]; nls?: Nls; [other: string]: unknown };
export type Parameter = { name: string; displayName?: string; savedSearchId?: string; uiConfig?: { hidden?: unknown }; parametersMap?: { logFieldName?: string; flex?: Record<string, string> }; [other: string]: unknown };
export type Board = {
  id: string;
  displayName: string;
  description?: string;
  providerName?: string;
  compartmentId?: string;
  tiles: Tile[];
  savedSearches?: BoardSearch[];
  parametersConfig?: Parameter[];
  nls?: Nls;
  builtIn?: boolean;
  timeUpdated?: string;
  uiConfig?: { isFilteringEnabled?: boolean };
  [other: string]: unknown;
};

/** comesWithProgram tells what cannot be changed but in a copy. */
export const comesWithProgram = (b: Board): boolean => b.builtIn ?? false;

const CONTAINER = "OOBSS-management-dashboard-container";

/** text resolves $(nls.KEY) by the texts that came along; Oracle's own are not published, so a key without a text is made readable. */
export function text(s: string | undefined, ...nls: (Nls | undefined)[]): string {
  return (s ?? "").replace(/\$\((nls|bundle|context|window|params|dashboard\.params)\.([^)]*)\)/g, (_, kind: string, key: string) => {
    if (kind !== "nls" && kind !== "bundle") return "";
    for (const map of nls) {
      const v = map?.[key];
      if (typeof v === "string") return v;
      if (v && typeof v === "object" && typeof (v as { value?: unknown }).value === "string") return (v as { value: string }).value;
    }
    return readable(key);
  });
}

function readable(key: string): string {
  const words = (key.split(".").at(-1) ?? "").replace(/^(UI_STR|LX|ORACLE)_/, "").replace(/_DISPLAY_NAME$/, "").split("_").join(" ").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What a tile shows: a query, other tiles, or the reason why it shows nothing. */
export type Shown =
  | { kind: "query"; query: string; viz: VizId; options: Record<string, unknown>; last?: string }
  | { kind: "container"; tabs: boolean; tiles: Tile[] }
  | { kind: "problem"; title: string; reason: string };

const names: Record<string, VizId> = { cloud: "words", summary_table: "summary", issues: "cluster" };
const oracleNames: Partial<Record<VizId, string>> = { words: "cloud", summary: "summary_table" };

/** oracleViz is the name that Oracle has for a visualisation, where it is another. */
export const oracleViz = (id: VizId): string => oracleNames[id] ?? id;

/** vizOfTile is the visualisation that Oracle's name means; an unknown one is a table. */
function vizOfTile(name: string | undefined): VizId {
  if (name && names[name]) return names[name];
  return name && isVizId(name) ? name : "table";
}

const services: Record<string, string> = {
  oracle_apm_synthetics: "synthetic monitors of Application Performance Monitoring", oracle_apm_monitoring: "Application Performance Monitoring", oci_autonomous_database: "metrics of Autonomous Database",
  oracle_appmgmt: "metrics of Stack Monitoring", oracle_metric_extensions_appmgmt: "metric extensions of Stack Monitoring",
};

/** recordColumns are the columns that were chosen for a table of records; none: those that suit it. */
export function recordColumns(options: Record<string, unknown>): string[] {
  return Array.isArray(options["columns"]) ? options["columns"].filter((c) => typeof c === "string") : [];
}

/** shownBy decides what a tile shows. */
export function shownBy(tile: Tile, searches: Map<string, BoardSearch>): Shown {
  if (isContainer(tile)) {
    return { kind: "container", tabs: tile.uiConfig?.containerInfo?.layout?.type === "tab", tiles: tile.uiConfig?.containerInfo?.subTiles ?? [] };
  }
  const search = searches.get(tile.savedSearchId);
  const ui: UiConfig = { ...search?.uiConfig, ...(tile.uiConfig?.queryString || tile.uiConfig?.chartInfo ? tile.uiConfig : {}) };
  if (ui.queryString) {
    return { kind: "query", query: ui.queryString, viz: vizOfTile(ui.visualizationType), options: ui.visualizationOptions ?? {}, last: lastOf(ui.timeSelection) };
  }
  const sources = tile.dataConfig?.length ? tile.dataConfig : (search?.dataConfig ?? []);
  const traces = sources.find((s) => s.type === "tracesDataSource" || s.name?.startsWith("queryData"));
  if (traces || /^OOBSS-(APM|dbm|appmgmt)/.test(tile.savedSearchId)) {
    const of = /APM/.test(tile.savedSearchId) || traces ? "traces of Application Performance Monitoring" : /dbm/.test(tile.savedSearchId) ? "Database Management" : "Stack Monitoring";
    return { kind: "problem", title: "Other data", reason: `This tile shows ${of}. Ledgerline keeps logs and the metrics of Oracle Integration.` };
  }
  const metrics = sources.filter((s) => s.type === "monitoringDataSource" && s.parameters?.mql);
  if (metrics.length > 0) return metricTile(metrics, ui);
  if (!search) return { kind: "problem", title: "Search not here", reason: tile.savedSearchId.startsWith("OOBSS-") ? `Its search ${tile.savedSearchId} belongs to Oracle, who does not publish it.` : `The saved search ${tile.savedSearchId} is not here; it was removed, or not part of the file.` };
  return { kind: "problem", title: "Nothing to ask", reason: "Its saved search has neither a query nor a metric." };
}

function metricTile(metrics: DataSource[], ui: UiConfig): Shown {
  const other = metrics.find((m) => m.parameters?.namespace !== "oci_integration");
  if (other) {
    const ns = other.parameters?.namespace ?? "";
    return { kind: "problem", title: "Other data", reason: `This tile shows ${services[ns] ?? "metrics"} (${ns}). Ledgerline collects the metrics of Oracle Integration (oci_integration).` };
  }
  if (metrics.length > 1) return { kind: "problem", title: "Several metrics", reason: "This tile joins several metrics in one chart, which is not supported." };
  const m = parseMQL(dropMacros(metrics[0]!.parameters?.mql ?? ""));
  if (typeof m === "string") return { kind: "problem", title: "Metric not understood", reason: `Its question ${metrics[0]!.parameters?.mql ?? ""} is not supported: ${m}.` };
  const query = logQuery(m);
  if (typeof query !== "string") return { kind: "problem", title: "Metric not understood", reason: `Its question is not supported: ${query.problem}.` };
  const type = ui.chartInfo?.jetConfig?.type ?? "line";
  return { kind: "query", query, viz: type === "bar" ? "bar" : type.startsWith("area") || type === "lineWithArea" ? "area" : "line", options: {} };
}

// A dimension whose value is a filter that is not set does not restrict.
function dropMacros(mql: string): string {
  return mql.replace(/\w+\s*=~?\s*\$\([^)]*\)\s*,?/g, "").replace(/,\s*\}/g, "}").replace(/\{\s*\}/g, "");
}

function lastOf(t: UiConfig["timeSelection"]): string | undefined {
  const m = /^l(\d+)(min|hr|day)$/.exec(t?.timePeriod ?? "");
  if (m) return m[1] + { min: "m", hr: "h", day: "d" }[m[2] as "min" | "hr" | "day"];
  if (t?.timePeriod === "relative" && t.numUnits && t.units) {
    const unit = { MINUTES: "m", HOURS: "h", DAYS: "d", WEEKS: "w" }[t.units];
    return unit ? t.numUnits + unit : t.units === "MONTHS" ? t.numUnits * 30 + "d" : undefined;
  }
  return undefined;
}

/** filtersOf lists the filters of a dashboard that narrow records by a field. */
export function filtersOf(board: Board): { name: string; label: string; field: string }[] {
  return (board.parametersConfig ?? []).flatMap((p) => {
    if (p.uiConfig?.hidden === true) return [];
    const label = text(p.displayName, board.nls) || p.name;
    if (p.parametersMap?.logFieldName) return [{ name: p.name, label, field: p.parametersMap.logFieldName }];
    if (p.savedSearchId === "OOBSS-management-dashboard-filter-2a") return [{ name: p.name, label, field: "Entity" }];
    if (p.savedSearchId === "OOBSS-management-dashboard-filter-4a") return [{ name: p.name, label: "Log group", field: "Log Group" }];
    return [];
  });
}

/** conditions are what the values of filters mean for one tile: only those it is bound to. */
export function conditions(board: Board, tile: Tile, values: Map<string, string>): { fieldName: string; operator: string; values: string[] }[] {
  const bound = JSON.stringify(tile.parametersMap ?? {});
  return filtersOf(board).flatMap((f) => {
    const v = values.get(f.name);
    return v && bound.includes(`$(dashboard.params.${f.name})`) ? [{ fieldName: f.field, operator: "EQUALS", values: [v] }] : [];
  });
}

/** unknownSource is the log source that a query asks for by name, when there is no such source. */
export function unknownSource(query: string, sources: { name: string; displayName?: string }[]): string | undefined {
  const named = /^\s*\(?\s*'Log Source'\s*=\s*'([^']+)'(?!\s*or\b)/i.exec(query)?.[1];
  return named !== undefined && !sources.some((s) => [s.name, s.displayName].some((n) => n?.toLowerCase() === named.toLowerCase())) ? named : undefined;
}

export const COLUMNS = 12;

/** settle moves tiles down until none covers another. The one that was moved stays where it is. */
export function settle(tiles: Tile[], moved?: Tile): Tile[] {
  const done: Tile[] = [];
  const order = [...tiles].sort((a, b) => (a === moved ? -1 : b === moved ? 1 : a.row - b.row || a.column - b.column));
  for (const t of order) {
    let row = t.row;
    while (done.some((d) => t.column < d.column + d.width && d.column < t.column + t.width && row < d.row + d.height && d.row < row + t.height)) row++;
    done.push(row === t.row ? t : { ...t, row });
  }
  return tiles.map((t) => done[order.indexOf(t)]!);
}

/** grown gives groups of tiles the rows that their content needs besides its own heading, and moves what is below. */
export function grown(tiles: Tile[]): Tile[] {
  return settle(tiles.map((t) => (isContainer(t) ? { ...t, height: Math.max(t.height, needed(t)) } : t)));
}

const HEADING = 0.75; // rows that the title of a group takes
const TABS = 0.65;

function needed(t: Tile): number {
  if (!isContainer(t)) return t.height;
  const inside = t.uiConfig?.containerInfo?.subTiles ?? [];
  if (t.uiConfig?.containerInfo?.layout?.type === "tab") return Math.ceil(Math.max(0, ...inside.map(needed)) + HEADING + TABS);
  return Math.ceil(Math.max(0, ...grown(inside).map((s) => s.row + s.height)) + HEADING);
}

function isContainer(t: Tile): boolean {
  return t.savedSearchId === CONTAINER || t.uiConfig?.vizType === "tileContainer";
}

/** tileBelow shows a search below the other tiles of a dashboard. */
export function tileBelow(tiles: Tile[], s: BoardSearch): Tile {
  return {
    displayName: s.displayName, savedSearchId: s.id, row: Math.max(0, ...tiles.map((t) => t.row + t.height)), column: 0, width: 6, height: 4, nls: {}, uiConfig: {}, dataConfig: [], state: "DEFAULT", drilldownConfig: [],
    parametersMap: { time: "$(dashboard.params.time)", "log-analytics-log-group-compartment": "$(dashboard.params.log-analytics-loggroup-filter)" },
  };
}

/** place fits a tile into the columns. */
export function place(t: Tile, change: Partial<Pick<Tile, "row" | "column" | "width" | "height">>): Tile {
  const width = Math.max(1, Math.min(COLUMNS, change.width ?? t.width));
  return { ...t, width, height: Math.max(1, Math.min(40, change.height ?? t.height)), column: Math.max(0, Math.min(COLUMNS - width, change.column ?? t.column)), row: Math.max(0, change.row ?? t.row) };
}
