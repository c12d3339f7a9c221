import { existsSync, readdirSync } from "node:fs";
import { describe } from "vitest";
import { settled, shoot } from "./look";
import { Boards } from "./pages/boards";
import { agrees } from "./pages/tilecheck";
import { settledRange } from "./store";
import { expect, test } from "./test";

// Oracle's public dashboards are no part of this project: without their folder these specs are skipped, and say why.
const folder = (process.env.LEDGERLINE_SHARED ?? new URL("../../../shared/data", import.meta.url).pathname) + "/dashboards";
const here = existsSync(folder);
const reason = `there is no ${folder}; LEDGERLINE_SHARED names the folder of Oracle's public artefacts`;

type Expected = { name: string; file: string; other: string[]; empty: string[]; picture?: string };

// Which tiles show data that Ledgerline does not have, and which ask for logs that the demo does not produce.
const boards: Expected[] = [
  { name: "Oracle Integration: Audit Analysis", file: "MAP__security-fundamentals-dashboards__Oracle_Integration_Audit_Analysis.json", other: ["OIC API Request Failures", "OIC Monitor Availability", "OIC AuditRecords API Execution", "OIC API PacketLoss"], empty: [], picture: "dashboard-analysis" },
  { name: "Oracle Integration: Health Overview", file: "oracle-integration-cloud__dashboards__Oracle_Integration_Health_Overview.json", other: [], empty: [], picture: "dashboard-overview" },
  { name: "Oracle Integration: Key Metrics", file: "oracle-integration-cloud__dashboards__Oracle_Integration_Key_Metrics.json", other: [], empty: [], picture: "dashboard-metrics" },
  { name: "Oracle Integration: Time Taken Analysis", file: "oracle-integration-cloud__dashboards__Oracle_Integration_Time_Taken_Analysis.json", other: [], empty: [] },
  { name: "Oracle Integration Insight", file: "oracle-integration-cloud__dashboards__Oracle_Integration_Insight.json", other: [], empty: [], picture: "dashboard-insight" },
  { name: "Oracle Integration Insight", file: "oracle-integration-cloud__dashboards__oic-insights-7.json", other: [], empty: [] },
  {
    name: "Fusion OIC Process Monitoring",
    file: "fa-ess-scheduler__dashboards__Fusion_OIC_Process_Monitoring.json",
    picture: "dashboard-fusion",
    other: [
      "ADBs Availability", "ADBs CPU Time", "ADBs QueryLatency", "AverageActiveSessions", "ConnectionLatency", "CurrentLogons",
      ...["Login Events", "Unique Users", "Successful Logins", "Failed Login Attempts", "Top Users", "Failed Logins Top users"].map((t) => "Oracle Fusion Apps: " + t),
      ...["Requests", "States", "Applications", "Jobs by Product Heatmap Schedule", "Jobs Summary"].map((t) => "Fusion ESS " + t),
    ],
    empty: ["Transaction Details ERP PO Processing Events Sequence"], // of records that the demo does not have
  },
];

describe("Oracle's dashboards", () => {
  test("import through the page, all of them", async ({ page, skip }) => {
    if (!here) skip(reason);
    const files = readdirSync(folder).filter((f) => f.endsWith(".json"));
    expect(files.length).toBe(17);
    const b = new Boards(page);
    await b.list();
    const said = await b.import(files.map((f) => `${folder}/${f}`));
    expect(said.filter((s) => !s.ok)).toEqual([]);
    await page.reload();
    await page.locator(".board-card").first().waitFor();
    await shoot(page, "dashboards");
  });

  test.for(boards)("$file shows in each tile what the store has", async ({ name, file, other, empty, picture }, { page, skip }) => {
    if (!here) skip(reason);
    const b = new Boards(page);
    await b.list();
    expect(await b.import([`${folder}/${file}`])).toEqual([{ text: expect.stringContaining(name) as string, ok: true }]);
    await page.getByRole("heading", { name, exact: true }).first().click();
    await page.waitForURL(/dashboards\/./);
    await b.open(b.id(), settledRange());

    const without: string[] = [];
    const nothing: string[] = [];
    const seen = new Set<string>();
    const look = async () => {
      for (const tile of await b.tiles()) {
        const title = await tile.title();
        const problem = await tile.problem();
        const key = title + (problem ?? JSON.stringify(await tile.question()));
        if (seen.has(key)) continue;
        seen.add(key);
        if (problem !== undefined) without.push(title);
        else if ((await agrees(tile)) === 0) nothing.push(title);
      }
    };
    await look();
    if (picture) await shoot(page, picture);
    const tabs = page.locator(".tile > .tabs [role=tab]");
    for (let i = 0; i < (await tabs.count()); i++) {
      await tabs.nth(i).click();
      await settled(page);
      await look();
    }
    expect(without, "tiles of other data").toEqual(other);
    expect(nothing, "tiles without data").toEqual(empty);
    expect(seen.size).toBeGreaterThan(0);
  });
});
