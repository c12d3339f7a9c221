import { describe } from "vitest";
import { figures, settled, shoot } from "./look";
import { Boards, storedBoard, storedBoards, type StoredBoard } from "./pages/boards";
import { Explorer } from "./pages/explorer";
import { agrees } from "./pages/tilecheck";
import { ask, call, count, settledRange } from "./store";
import { bytesOf, expect, test } from "./test";

const audit = "'Log Source' = 'OCI Integration Audit Logs'";
const byOperation = `${audit} | stats count as Records by 'Resource Operations' | sort -Records`;

describe("built-in dashboards", () => {
  test.for(["Audit Overview", "Integration Story", "OAC Activity", "OAC Queries", "Collection Health", "OIC Health", "OIC Runs and Milestones"])("%s shows in each tile what the store has", async (name, { page }) => {
    const b = new Boards(page);
    const { id } = (await storedBoards()).find((x) => x.displayName === name)!;
    const compare = async () => {
      await b.open(id, settledRange());
      const tiles = await b.tiles();
      expect(tiles.length).toBeGreaterThanOrEqual((await storedBoard(id)).tiles.length);
      for (const tile of tiles) {
        expect(await tile.problem()).toBeUndefined();
        await agrees(tile);
      }
    };
    // Once more if need be: the records of Analytics' queries come two minutes after their messages, perhaps just now.
    await compare().catch(compare);
    if (name === "Audit Overview") await shoot(page, "dashboard-audit");
  });
});

describe("a dashboard of one's own", () => {
  test("is made of saved searches, arranged by drag and by keyboard, saved and exported", async ({ page }) => {
    const b = new Boards(page);
    await call("/ledgerline/v1/searches/All%20changes", { name: "All changes", query: `${audit} | stats count as Changes` }, "PUT");
    await call("/ledgerline/v1/searches/Changes%20by%20operation", { name: "Changes by operation", query: byOperation }, "PUT");
    await b.list();
    await page.getByRole("button", { name: "New dashboard" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Made by hand");
    await page.getByRole("button", { name: "Create" }).click();
    await page.waitForURL(/edit=1/);
    for (const [name, as] of [["All changes", "Tile"], ["Changes by operation", "Pie"]] as const) {
      await page.getByRole("button", { name: "Add a tile" }).click();
      await page.getByLabel("Show as").selectOption(as);
      await page.getByRole("button", { name: new RegExp("^" + name) }).first().click();
      await b.tile(name).waitFor();
    }
    await settled(page);

    // Both are 6 wide and 4 high, the second below the first: move it beside the first, and make it smaller.
    const grid = (await page.locator(".board-grid").boundingBox())!;
    const column = grid.width / 12,
      row = 62;
    const drag = async (handle: string, columns: number, rows: number) => {
      const box = (await b.tile("Changes by operation").locator(handle).boundingBox())!;
      const at = { x: box.x + Math.min(40, box.width / 2), y: box.y + box.height / 2 };
      await page.mouse.move(at.x, at.y);
      await page.mouse.down();
      await page.mouse.move(at.x + columns * column, at.y + rows * row, { steps: 8 });
      await page.mouse.up();
    };
    await drag(".tile-grip", 6, -4);
    await drag(".tile-size", -2, 1);
    // And the first by the keyboard: one narrower, two higher.
    await b.tile("All changes").locator(".tile-grip").focus();
    for (const key of ["Shift+ArrowLeft", "Shift+ArrowDown", "Shift+ArrowDown"]) await page.keyboard.press(key);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.waitForURL((u) => !u.searchParams.has("edit"));
    await b.shown();

    const place = (x: StoredBoard) => Object.fromEntries(x.tiles.map((t) => [t.displayName, [t.column, t.row, t.width, t.height]]));
    const places = { "All changes": [0, 0, 5, 6], "Changes by operation": [6, 0, 4, 5] };
    expect(place(await storedBoard(b.id()))).toEqual(places);

    await b.open(b.id(), settledRange());
    expect(figures(await b.tile("All changes").locator(".big").innerText())).toEqual([await count(audit)]);
    for (const tile of await b.tiles()) await agrees(tile);
    const [first, second] = [(await b.tile("All changes").boundingBox())!, (await b.tile("Changes by operation").boundingBox())!];
    expect(second.x).toBeGreaterThan(first.x + first.width);
    expect(second.y).toBe(first.y);
    expect(Math.round((second.x - grid.x) / column)).toBe(6);

    const download = page.waitForEvent("download");
    await b.action("Export as JSON");
    const file = JSON.parse((await bytesOf(await download)).toString()) as { dashboards: (StoredBoard & { savedSearches: { displayName: string; uiConfig: { queryString: string } }[] })[] };
    expect(file.dashboards.length).toBe(1);
    expect(place(file.dashboards[0]!)).toEqual(places);
    expect(file.dashboards[0]!.savedSearches.map((s) => s.uiConfig.queryString)).toContain(byOperation);

    page.on("dialog", (d) => void d.accept());
    await b.action("Delete…");
    await page.waitForURL(/dashboards$/);
    expect((await storedBoards()).map((x) => x.displayName)).not.toContain("Made by hand");
  });

  test("may begin as a copy of one that is built in", async ({ page }) => {
    const b = new Boards(page);
    await b.open("ledgerline-oac-activity", settledRange());
    await b.action("Edit a copy");
    await page.waitForURL(/edit=1/);
    await b.tile("Permission changes").waitFor();
    await page.getByRole("button", { name: "Remove Permission changes" }).click();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.waitForURL((u) => !u.searchParams.has("edit"));
    await b.shown();
    const names = async (id: string) => (await storedBoard(id)).tiles.map((t) => t.displayName);
    expect(await names(b.id())).toEqual((await names("ledgerline-oac-activity")).filter((n) => n !== "Permission changes"));
    for (const tile of await b.tiles()) await agrees(tile);
    await call(`/20200901/managementDashboards/${b.id()}`, undefined, "DELETE");
  });

  test("narrows its tiles by a filter, and drills down to Log Explorer", async ({ page }) => {
    const b = new Boards(page);
    await b.list();
    await page.locator("input[type=file]").setInputFiles({ name: "filtered.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(filtered)) });
    await page.locator(".notice.good").waitFor();
    const id = (await storedBoards()).find((x) => x.displayName === "Filtered")!.id;
    await b.open(id, settledRange());
    expect(figures(await b.tile("Narrowed").locator(".big").innerText())).toEqual([await count(audit)]);

    const user = String((await ask(`${audit} | stats count as N by 'User Name' | sort -N`)).rows[0]![0]);
    await page.locator(".board-filter", { hasText: "User" }).locator("select").selectOption(user);
    const narrowed = await count(`${audit} and 'User Name' = '${user}'`);
    await expect.poll(async () => figures(await b.tile("Narrowed").locator(".big").innerText())).toEqual([narrowed]);
    // What the server remarks on a tile's query is behind a button of this tile alone.
    const { hints } = await call<{ hints: string[] }>("/ledgerline/v1/query", { query: slip, ...settledRange() });
    await page.getByRole("button", { name: /^Remarks on/ }).click();
    expect(await page.getByRole("dialog", { name: "Remarks on Slip" }).getByRole("listitem").allInnerTexts()).toEqual(hints.map((h) => expect.stringContaining(h) as string));
    await page.keyboard.press("Escape");
    // The other tile is not bound to the filter.
    expect(figures(await b.tile("All").locator(".big").innerText())).toEqual([await count(audit)]);
    await page.reload();
    await b.shown();
    expect(figures(await b.tile("Narrowed").locator(".big").innerText())).toEqual([narrowed]);

    await b.tile("Narrowed").hover();
    await b.tile("Narrowed").getByRole("link", { name: /in Log Explorer/ }).click();
    const x = new Explorer(page);
    await x.answered();
    expect(x.window()).toEqual(settledRange());
    expect(figures(await page.locator(".big").innerText())).toEqual([narrowed]);
  });

  test("folds many filters on a telephone, and says how many are set", async ({ open }) => {
    const page = await open({ width: 400, height: 800 });
    const b = new Boards(page);
    const [board] = filtered.dashboards;
    const fields = ["User Name", "Resource Type", "Resource Operations"];
    const folded = { ...board!, dashboardId: "folded", displayName: "Folded", parametersConfig: fields.map((f) => ({ name: f.replaceAll(" ", ""), displayName: f, savedSearchId: "OOBSS-management-dashboard-filter-xlog", parametersMap: { logFieldName: f } })) };
    await b.list();
    await page.locator("input[type=file]").setInputFiles({ name: "folded.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify({ dashboards: [folded] })) });
    await page.locator(".notice.good").waitFor();
    await b.open((await storedBoards()).find((x) => x.displayName === "Folded")!.id, settledRange());
    const filter = page.getByLabel("Resource Operations");
    expect(await filter.isVisible()).toBe(false);
    await page.getByRole("button", { name: "Filters", exact: true }).click();
    await filter.selectOption("delete");
    await page.getByRole("button", { name: "Filters, 1 set", exact: true }).click();
    expect(await filter.isVisible()).toBe(false);
    await page.setViewportSize({ width: 1280, height: 800 });
    await filter.waitFor();
    await call(`/20200901/managementDashboards/${b.id()}`, undefined, "DELETE");
  });

  test("looks at another time range with all its tiles, enlarges one, and asks again by itself", async ({ page }) => {
    const b = new Boards(page);
    await b.open("ledgerline-audit-overview", settledRange());
    const half = { from: new Date(Date.now() - 4 * 864e5).toISOString(), to: settledRange().to };
    await b.open("ledgerline-audit-overview", half);
    const tile = (await b.tiles())[0]!;
    expect(await tile.question()).toMatchObject(half);
    await agrees(tile);

    const title = await tile.title();
    await tile.head().hover();
    await page.getByRole("button", { name: `Enlarge ${title}`, exact: true }).click();
    await expect.poll(() => page.getByRole("dialog", { name: title }).locator(".big").innerText()).toBe(await tile.body.locator(".big").innerText());
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "Actions", exact: true }).click();
    await page.getByRole("menuitemradio", { name: "Every 30 seconds" }).click();
    await page.waitForURL(/every=30/);
    const asked = page.waitForRequest(/ledgerline\/v1\/query/);
    await page.getByRole("button", { name: "Refresh" }).click();
    await asked;
  });
});

describe("a tile made in Log Explorer", () => {
  test("is on a new dashboard and then on one that is there, and shows what the store has", async ({ page }) => {
    const x = new Explorer(page);
    const b = new Boards(page);
    const offered = () => page.getByRole("combobox", { name: "Dashboard", exact: true }).locator("option").allInnerTexts();
    await x.open(`${audit} | stats count as Changes`, { viz: "tile" });
    await x.action("Add to a dashboard…");
    await page.getByLabel("Name of the tile").fill("All changes there were");
    await expect.poll(offered).toContain("A new one…");
    expect(await offered()).not.toContain("Audit Overview"); // built in: it takes no tiles
    await page.getByRole("combobox", { name: "Dashboard", exact: true }).selectOption({ label: "A new one…" });
    await page.getByLabel("Name of the new dashboard").fill("From Log Explorer");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("link", { name: "Open the dashboard" }).click();
    await page.waitForURL(/\/dashboards\//);
    await b.shown();
    expect(await page.getByRole("heading", { level: 1 }).innerText()).toBe("From Log Explorer");
    expect(figures(await b.tile("All changes there were").locator(".big").innerText())).toEqual([await count(audit)]);

    // Records keep the columns that were chosen for them.
    await x.open(`${audit} and 'Resource Operations' = delete`, { viz: "table", col: "OCI Resource Name" });
    await x.action("Add to a dashboard…");
    await page.getByLabel("Name of the tile").fill("What was deleted");
    await page.getByRole("combobox", { name: "Dashboard", exact: true }).selectOption({ label: "From Log Explorer" });
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("link", { name: "Open the dashboard" }).click();
    await b.tile("What was deleted").waitFor();
    await b.shown();
    expect((await b.tile("What was deleted").getByRole("columnheader").allInnerTexts()).map((t) => t.trim())).toEqual(["Time", "OCI Resource Name"]);
    for (const tile of await b.tiles()) await agrees(tile);
    expect((await storedBoard(b.id())).tiles.map((t) => [t.displayName, t.row])).toEqual([["All changes there were", 0], ["What was deleted", 4]]);
    await call(`/20200901/managementDashboards/${b.id()}`, undefined, "DELETE");
  });

  test("leaves no search behind when the dashboard refuses it", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(`${audit} | stats count as Changes`, { viz: "tile" });
    await page.route("**/20200901/managementDashboards", (r) => (r.request().method() === "POST" ? r.fulfill({ status: 409, json: { code: "Conflict", message: "not today" } }) : r.continue()));
    await x.action("Add to a dashboard…");
    await page.getByLabel("Name of the tile").fill("Refused by the dashboard");
    await page.getByRole("combobox", { name: "Dashboard", exact: true }).selectOption({ label: "A new one…" });
    await page.getByLabel("Name of the new dashboard").fill("Never there");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("dialog").getByText("not today").waitFor();
    const { tenancy } = await call<{ tenancy: string }>("/ledgerline/v1/status");
    const { items } = await call<{ items: { displayName: string }[] }>(`/20200901/managementSavedSearches?limit=1000&compartmentId=${tenancy}`);
    expect(items.map((s) => s.displayName)).not.toContain("Refused by the dashboard");
  });
});

const slip = `${audit} | where 'User Name' = Actoin`;
const search = (id: string, displayName: string, queryString = `${audit} | stats count as Changes`) => ({
  ...common, id, displayName, type: "WIDGET_SHOW_IN_DASHBOARD", isOobSavedSearch: false, widgetTemplate: "visualizations/chartWidgetTemplate.html", widgetVM: "jet-modules/dashboards/widgets/lxSavedSearchWidget",
  uiConfig: { vizType: "lxSavedSearchWidgetType", visualizationType: "tile", queryString, showTitle: true, timeSelection: { timePeriod: "l7day" }, visualizationOptions: {} }, parametersConfig: [],
});
const tile = (savedSearchId: string, displayName: string, column: number, parametersMap: Record<string, string>) => ({ displayName, savedSearchId, row: 0, column, width: 6, height: 3, nls: {}, uiConfig: {}, dataConfig: [], state: "DEFAULT", drilldownConfig: [], parametersMap });
const common = { description: "", providerId: "log-analytics", providerName: "Logging Analytics", providerVersion: "3.0.0", metadataVersion: "2.0", screenImage: " ", nls: {}, dataConfig: [], drilldownConfig: [], featuresConfig: {}, freeformTags: {}, definedTags: {} };
const filtered = {
  dashboards: [
    {
      ...common, dashboardId: "filtered", displayName: "Filtered", type: "normal", isOobDashboard: false, isShowInHome: false, isShowDescription: true, isFavorite: false, uiConfig: { isFilteringEnabled: true, isTimeRangeEnabled: true, isRefreshEnabled: true },
      parametersConfig: [{ name: "time", displayName: "Time", src: "$(context.time)" }, { name: "who", displayName: "User", savedSearchId: "OOBSS-management-dashboard-filter-xlog", parametersMap: { logFieldName: "User Name" } }],
      tiles: [tile("one", "Narrowed", 0, { time: "$(dashboard.params.time)", who: "$(dashboard.params.who)" }), tile("two", "All", 6, { time: "$(dashboard.params.time)" }), { ...tile("three", "Slip", 0, { time: "$(dashboard.params.time)" }), row: 3 }],
      savedSearches: [search("one", "Narrowed"), search("two", "All"), search("three", "Slip", slip)],
    },
  ],
};
