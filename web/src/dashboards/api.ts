import { change, fetched } from "../admin/oci";
import { call, send } from "../api/client";
import { tileBelow, type Board, type BoardSearch, type Tile } from "./model";

const boards = "/20200901/managementDashboards";
const searches = "/20200901/managementSavedSearches";
const at = (base: string, id: string) => `${base}/${encodeURIComponent(id)}`;

export const dashboards = {
  list: () => call<{ items: Board[] }>("/ledgerline/v1/dashboards?limit=1000").then((r) => r.items),
  get: (id: string) => call<Board>(at(boards, id)),
  searches: (tenancy: string) => call<{ items: BoardSearch[] }>(`${searches}?limit=1000&compartmentId=${encodeURIComponent(tenancy)}`).then((r) => r.items),
  builtInSearch: (id: string) => call<BoardSearch>(at("/20200901/oobManagementSavedSearches", id)),
  putTiles: (id: string, tiles: Tile[]) => call<Board>(at(boards, id), { method: "PUT", body: { tiles } }),
  /** addTile shows a search on a dashboard as it is now: what somebody else changes meanwhile is not overwritten. */
  addTile: async (id: string, s: BoardSearch) => {
    const { item, etag } = await fetched<Board>(at(boards, id));
    return change<Board>(at(boards, id), { tiles: [...item.tiles, tileBelow(item.tiles, s)] }, { method: "PUT", etag });
  },
  create: (displayName: string, description: string, compartmentId: string, like: Partial<Board> = {}) =>
    call<Board>(boards, {
      method: "POST",
      body: {
        ...common, displayName, description, compartmentId, type: "normal", isOobDashboard: false, isShowInHome: false, isShowDescription: true, isFavorite: false,
        tiles: like.tiles ?? [], nls: like.nls ?? {}, uiConfig: like.uiConfig ?? { isFilteringEnabled: true, isTimeRangeEnabled: true, isRefreshEnabled: true }, parametersConfig: like.parametersConfig ?? [{ name: "time", displayName: "Time", src: "$(context.time)" }],
      },
    }),
  createSearch: (displayName: string, queryString: string, visualizationType: string, compartmentId: string, visualizationOptions: Record<string, unknown> = {}) =>
    call<BoardSearch>(searches, {
      method: "POST",
      body: {
        ...common, displayName, description: "", compartmentId, type: "WIDGET_SHOW_IN_DASHBOARD", isOobSavedSearch: false, widgetTemplate: "visualizations/chartWidgetTemplate.html", widgetVM: "jet-modules/dashboards/widgets/lxSavedSearchWidget", parametersConfig: [],
        uiConfig: { vizType: "lxSavedSearchWidgetType", visualizationType, queryString, showTitle: true, timeSelection: { timePeriod: "l7day" }, visualizationOptions, scopeFilters: { filters: [], isGlobal: false } },
      },
    }),
  removeSearch: (id: string) => call<void>(at(searches, id), { method: "DELETE" }),
  remove: (id: string) => call<void>(at(boards, id), { method: "DELETE" }),
  import: (file: Blob) => call<{ created: string[]; updated: string[] }>("/ledgerline/v1/dashboards/actions/import?overrideSameName=true", { method: "POST", raw: file, headers: { "Content-Type": "application/json" } }),
  export: (id: string) => send(`/ledgerline/v1/dashboards/actions/export?dashboard=${encodeURIComponent(id)}`).then((r) => r.blob()),
};

const common = { providerId: "log-analytics", providerName: "Logging Analytics", providerVersion: "3.0.0", metadataVersion: "2.0", screenImage: " ", nls: {}, dataConfig: [], drilldownConfig: [], featuresConfig: {}, freeformTags: {}, definedTags: {} };
