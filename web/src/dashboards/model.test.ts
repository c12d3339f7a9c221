import { describe, expect, it } from "vitest";
import { conditions, grown, place, settle, shownBy, text, unknownSource, type Board, type BoardSearch, type Tile } from "./model";
import { logQuery, parseMQL } from "./mql";

const tile = (t: Partial<Tile>): Tile => ({ displayName: "t", savedSearchId: "s", row: 0, column: 0, height: 2, width: 4, ...t });

describe("metric questions", () => {
  const ask = (mql: string) => {
    const q = parseMQL(mql);
    return typeof q === "string" ? q : logQuery(q);
  };
  it("become questions about data points", () => {
    expect(ask("NumberOfInboundRequests[auto].grouping().sum()")).toBe("'Log Source' = 'OCI Integration Metrics' and 'Metric Name' = NumberOfInboundRequests | timestats sum('Metric Value') as Value");
    expect(ask('NumberOfOutboundRequests[auto]{adapterIdentifier="rest"}.groupBy(integrationFlowIdentifier).sum()')).toBe(
      "'Log Source' = 'OCI Integration Metrics' and 'Metric Name' = NumberOfOutboundRequests and Adapter = rest | timestats sum('Metric Value') as Value by Identifier",
    );
    expect(ask("InboundRequestProcessingTime[auto].percentile(.95)")).toContain("timestats pct('Metric Value', 95) as Value");
    expect(ask('OutboundRequestInvocationTime[1h].groupBy("integrationFlowIdentifier").mean()/1000')).toContain("| timestats avg('Metric Value') as Value by Identifier | eval Value = Value /1000");
  });
  it("divide one metric by another", () => {
    expect(ask("MessagesFailedCount[1h].grouping().count()/MessagesReceivedCount[1h].grouping().count()*100")).toBe(
      "'Log Source' = 'OCI Integration Metrics' and 'Metric Name' in (MessagesFailedCount, MessagesReceivedCount) | eval One = if('Metric Name' = MessagesFailedCount, 'Metric Value', null) | eval Other = if('Metric Name' = MessagesReceivedCount, 'Metric Value', null) | timestats count(One) as One, count(Other) as Other | eval Value = One / Other *100 | fields -One, -Other",
    );
    expect(ask("A[1h].sum()/B[1h].groupBy(flowCode).sum()")).toBe("its two metrics are of different records");
  });
  it("are refused with a reason when they are not understood", () => {
    expect(ask("A[1h].grouping().count()+B[1h].grouping().count()")).toBe("it combines several metrics");
    expect(ask("Load[auto].groupBy(loadState).max()")).toEqual({ problem: "the dimension loadState is not among the collected fields" });
  });
});

describe("tiles", () => {
  const search = (uiConfig: BoardSearch["uiConfig"]): Map<string, BoardSearch> => new Map([["s", { id: "s", displayName: "x", uiConfig }]]);
  it("show the query of their search, in Oracle's visualisation", () => {
    expect(shownBy(tile({}), search({ queryString: "* | stats count", visualizationType: "cloud" }))).toMatchObject({ kind: "query", query: "* | stats count", viz: "words" });
    expect(shownBy(tile({}), search({ queryString: "*", visualizationType: "something new" }))).toMatchObject({ viz: "table" });
  });
  it("say which data is missing, and why", () => {
    expect(shownBy(tile({ savedSearchId: "OOBSS-APM-trace-table-1" }), new Map())).toMatchObject({ kind: "problem", reason: expect.stringContaining("Application Performance Monitoring") as string });
    const monitor = { dataConfig: [{ type: "monitoringDataSource", parameters: { namespace: "oracle_apm_synthetics", mql: "Availability[auto].max()" } }] };
    expect(shownBy(tile(monitor), new Map())).toMatchObject({ kind: "problem", reason: expect.stringContaining("synthetic monitors") as string });
    expect(shownBy(tile({ savedSearchId: "OOBSS-log-analytics-OIHOOIC-3" }), new Map())).toMatchObject({ kind: "problem", reason: expect.stringContaining("OOBSS-log-analytics-OIHOOIC-3") as string });
  });
  it("leave out a dimension whose filter is not set", () => {
    const metric = { dataConfig: [{ type: "monitoringDataSource", parameters: { namespace: "oci_integration", mql: "NumberOfInboundRequests[auto]{resourceId=$(dashboard.params.f3),integrationFlowIdentifier=$(dashboard.params.f)}.sum()" } }] };
    expect(shownBy(tile(metric), new Map())).toMatchObject({ kind: "query", query: "'Log Source' = 'OCI Integration Metrics' and 'Metric Name' = NumberOfInboundRequests | timestats sum('Metric Value') as Value" });
  });
  it("obey the filters they are bound to, and no others", () => {
    const board: Board = { id: "b", displayName: "b", tiles: [], parametersConfig: [{ name: "f1", parametersMap: { logFieldName: "Integration" } }, { name: "f2", parametersMap: { logFieldName: "Status" } }] };
    const bound = tile({ parametersMap: { flex: { Integration: "$(dashboard.params.f1)" } } });
    expect(conditions(board, bound, new Map([["f1", "A"], ["f2", "B"]]))).toEqual([{ fieldName: "Integration", operator: "EQUALS", values: ["A"] }]);
  });
});

describe("texts", () => {
  it("are those that came along, or readable keys", () => {
    expect(text("$(nls.UI_STR_ENVIRONMENTS)")).toBe("Environments");
    expect(text("$(nls.A) x", { A: "Alpha" })).toBe("Alpha x");
    expect(text("plain")).toBe("plain");
  });
});

describe("the grid", () => {
  it("lets no tile cover another, and the moved one stay", () => {
    const a = tile({ row: 0, column: 0 }),
      b = tile({ row: 0, column: 4 }),
      c = tile({ row: 2, column: 0 });
    const moved = place(b, { column: 0 });
    const out = settle([a, moved, c], moved);
    expect(out[1]).toEqual(moved);
    for (const x of out) for (const y of out) if (x !== y) expect(x.row + x.height <= y.row || y.row + y.height <= x.row || x.column + x.width <= y.column || y.column + y.width <= x.column).toBe(true);
  });
  it("gives a group the rows its content needs, and moves what is below", () => {
    const group = tile({ savedSearchId: "OOBSS-management-dashboard-container", width: 12, height: 3, uiConfig: { containerInfo: { subTiles: [tile({ height: 3 }), tile({ row: 3, height: 3 })] } } });
    const [g, below] = grown([group, tile({ row: 3 })]);
    expect(g!.height).toBe(7); // six rows and a heading
    expect(below!.row).toBe(7);
  });
  it("keeps tiles in twelve columns", () => {
    expect(place(tile({}), { column: 11 })).toMatchObject({ column: 8, width: 4 });
    expect(place(tile({}), { width: 99 })).toMatchObject({ column: 0, width: 12 });
  });
});

describe("a log source that is not here", () => {
  const sources = [{ name: "OCI Integration Audit Logs" }, { name: "x1", displayName: "Own Logs" }];
  it("is named", () => {
    expect(unknownSource("'Log Source' = 'Oracle Fusion Apps: Enterprise Scheduler Service' | stats count", sources)).toBe("Oracle Fusion Apps: Enterprise Scheduler Service");
  });
  it("is not suspected when it is here, or one of several", () => {
    for (const q of ["'Log Source' = 'oci integration audit logs' | stats count", "'Log Source' = 'Own Logs'", "'Log Source' = 'Absent' or 'Log Source' like 'OCI%'", "* | stats count", "'User Name' = 'a'"]) expect(unknownSource(q, sources)).toBeUndefined();
  });
});
