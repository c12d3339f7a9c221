import { describe } from "vitest";
import { VIZ, type VizId } from "../src/viz/registry";
import { settled } from "./look";
import { Explorer } from "./pages/explorer";
import { ask, call, ledgerline } from "./store";
import { expect, test } from "./test";

// Ten days back, before the range in which the other specs count.
const when = new Date(Date.now() - 9.5 * 864e5).toISOString();
const around = { from: new Date(Date.parse(when) - 36e5).toISOString(), to: new Date(Date.parse(when) + 36e5).toISOString() };
const name = `<img src=x onerror="owned=1"><script>owned=1</script>`;
const message = `${name} javascript:owned=1 <a href="javascript:owned=1">click</a> \u202Etxt.exe\u202C \u0007\u001b[31m\u200b end`;
const long = "long ".repeat(200_000);
const record = (user: string, text: string) => ({ timeStamp: when.replace("Z", "+0000"), userName: user, operationName: "update", resourceType: "ICS_ProjectV2", resourceCode: "HOSTILE", resourceName: name, resourceVersion: "01.00.0000", auditTrailMessage: text });
const search = "'Log Source' = 'OCI Integration Audit Logs' and 'Resource ID' = HOSTILE";

describe("hostile records", () => {
  test("are shown and never obeyed, in every view", async ({ page }) => {
    ledgerline(["import", "--source", "OCI Integration Audit Logs", "-"], JSON.stringify([record(name, message), record("javascript:owned=1", long)]));
    const stored = await ask(`${search} | sort 'User Name'`, around);
    expect(stored.rows.length).toBe(2);

    await page.addInitScript(() => Object.assign(window, { owned: 0 }));
    const dialogs: string[] = [];
    page.on("dialog", (d) => (dialogs.push(d.message()), void d.dismiss()));
    const x = new Explorer(page);
    const harmless = async () => {
      expect(await page.evaluate(() => (window as unknown as { owned: number }).owned)).toBe(0);
      expect(await page.locator("#root img, #root script, #root a[href^=javascript]").count()).toBe(0);
      expect(dialogs).toEqual([]);
    };

    await x.open(`${search} | sort 'User Name'`, around);
    expect(await x.total()).toBe(2);
    for (const i of [0, 1]) await x.unfold(i);
    const details = page.locator(".detail");
    for (const detail of await details.all()) {
      await harmless();
      for (const tab of ["JSON", "Original text"]) {
        await detail.getByRole("tab", { name: tab }).click();
        await harmless();
      }
    }
    const [marked, endless] = [details.filter({ hasText: "txt.exe" }).locator("pre"), details.filter({ hasNotText: "txt.exe" }).locator("pre")];
    const text = await marked.innerText();
    expect(text).toContain("<script>owned=1</script>");
    expect(text).toContain("<a href=");
    // JSON spells control characters by itself; what only turns text around is named by the page.
    for (const unseen of ["U+202E", "U+202C", "U+200B"]) expect(text).toContain(unseen);
    expect(text).not.toMatch(/[\u202e\u200b]/);

    // A megabyte waits for a click, and then is all there.
    expect((await endless.innerText()).length).toBeLessThan(21_000);
    await endless.getByRole("button", { name: /show all 1,000,\d{3} characters/ }).click();
    await expect.poll(async () => (await endless.innerText()).length).toBeGreaterThan(1_000_000);

    const by = (fields: string) => `| stats count as Records by ${fields}`;
    const over = "| timestats count as Records by 'User Name', 'OCI Resource Name'";
    const clauses: Record<VizId, string> = {
      records: "", records_histogram: "", table: "", table_histogram: "", line: over, area: over, bar: over, heatmap: over,
      ...Object.fromEntries(["hbar", "pie", "sunburst", "treemap", "tile", "words", "summary"].map((viz) => [viz, by("'User Name', 'OCI Resource Name'")])),
      distinct: "| distinct 'User Name', 'OCI Resource Name'",
      map: `| eval Where = '1,2' ${by("Where, 'User Name'")}`,
      cluster: "| cluster", cluster_compare: "| clustercompare", link: "| link 'User Name', 'OCI Resource Name'",
    } as Record<VizId, string>;
    for (const { id } of VIZ) {
      await x.open(`${search} ${clauses[id]}`, { ...around, viz: id });
      expect(await x.problems(), id).toEqual([]);
      // What a chart tells of the place under the pointer is made of the same texts.
      const chart = page.locator(".viz .chart, .link-chart .chart").first();
      if (await chart.isVisible()) {
        const box = (await chart.boundingBox())!;
        for (let i = 1; i < 8; i++) await page.mouse.move(box.x + (box.width * i) / 8, box.y + (box.height * i) / 8);
      }
      await harmless();
    }

    await x.open(search, around);
    await x.values("User Name");
    await page.locator(".value-name").first().hover();
    await harmless();
  });

  test("are tiles of a dashboard, whose own texts may be hostile, too", async ({ page }) => {
    await page.addInitScript(() => Object.assign(window, { owned: 0 }));
    const { tenancy } = await call<{ tenancy: string }>("/ledgerline/v1/status");
    const common = { providerId: "log-analytics", providerName: name, providerVersion: "3.0.0", compartmentId: tenancy, metadataVersion: "2.0", description: message, nls: {}, dataConfig: [], isOobSavedSearch: false, isOobDashboard: false, drilldownConfig: [], parametersConfig: [], featuresConfig: {} };
    const shows = ["hbar", "pie", "treemap", "summary_table", "table", "cloud", "tile"];
    const board = {
      ...common, dashboardId: "hostile-board", displayName: `${name} board`, type: "normal", isShowInHome: false, isShowDescription: true, isLoggingEnabled: false, screenImage: "to-do", uiConfig: {}, isFavorite: false,
      tiles: shows.map((viz, i) => ({ displayName: `${name} ${viz}`, savedSearchId: "hostile-" + viz, row: 4 * Math.floor(i / 3), column: 4 * (i % 3), width: 4, height: 4, nls: {}, uiConfig: {}, dataConfig: [], state: "DEFAULT", drilldownConfig: [], parametersMap: { time: "$(dashboard.params.time)" } })),
      savedSearches: shows.map((viz) => ({ ...common, id: "hostile-" + viz, displayName: `${name} ${viz}`, type: "WIDGET_SHOW_IN_DASHBOARD", screenImage: "to-do", widgetTemplate: "visualizations/chartWidgetTemplate.html", widgetVM: "jet-modules/dashboards/widgets/lxSavedSearchWidget", uiConfig: { queryString: `${search} | stats count as Records by 'User Name', 'OCI Resource Name'`, visualizationType: viz } })),
    };
    await call("/ledgerline/v1/dashboards/actions/import", { dashboards: [board] });
    await page.goto("/ui/dashboards");
    await page.getByRole("heading", { name: `${name} board` }).click();
    await page.waitForURL(/dashboards\/./);
    const id = new URL(page.url()).pathname.split("/").at(-1)!;
    await page.goto(`/ui/dashboards/${id}?${new URLSearchParams(around).toString()}`);
    await page.locator(".tile").first().waitFor();
    await settled(page);
    await expect.poll(() => page.locator(".tile").count()).toBe(shows.length);
    expect(await page.locator(".tile [role=alert], .tile-problem").allInnerTexts()).toEqual([]);
    for (const tile of await page.locator(".tile").all()) await tile.hover();
    expect(await page.evaluate(() => (window as unknown as { owned: number }).owned)).toBe(0);
    expect(await page.locator("#root img, #root script, #root a[href^=javascript]").count()).toBe(0);
    await call(`/20200901/managementDashboards/${id}`, undefined, "DELETE");
  });

  test("are filtered by a click as they are spelt", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(search, around);
    await x.values("User Name");
    await x.changed(() => page.locator(".value-name", { hasText: "<script>" }).click());
    expect(await x.total()).toBe(1);
    expect(x.query()).toContain(name);
  });

  test("cannot take the place of the address's words", async ({ page }) => {
    await page.addInitScript(() => Object.assign(window, { owned: 0 }));
    await page.goto(`/ui/explore?q=${encodeURIComponent(name)}&viz=<script>&last=javascript:1&tz=<b>&col=${encodeURIComponent(name)}`);
    await page.locator("h1").waitFor();
    await page.goto(`/ui/dashboards/${encodeURIComponent(name)}`);
    await page.getByRole("alert").waitFor();
    expect(await page.evaluate(() => (window as unknown as { owned: number }).owned)).toBe(0);
    expect(await page.locator("#root img, #root script").count()).toBe(0);
  });
});
