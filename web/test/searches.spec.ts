import { describe } from "vitest";
import { Explorer } from "./pages/explorer";
import { ask, call, count, ledgerline } from "./store";
import { expect, test } from "./test";

const audit = "'Log Source' = 'OCI Integration Audit Logs'";

describe("what was asked", () => {
  test("is in the history, with its time range", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(audit);
    await x.run("'Resource Operations' = activate");
    const activations = await x.total();
    await x.run("'Resource Operations' = delete");
    expect(await x.total()).not.toBe(activations);
    await x.action("Saved searches and history…");
    const items = page.getByRole("dialog").locator("h3:has-text('History') + ul .search-item");
    await expect.poll(() => items.locator("code").allInnerTexts()).toEqual(["'Resource Operations' = delete", "'Resource Operations' = activate"]);
    await x.changed(() => items.nth(1).click());
    expect(await x.total()).toBe(activations);
    expect(activations).toBe(await count("'Resource Operations' = activate"));
    await x.action("Saved searches and history…");
    await page.getByRole("button", { name: "Clear the history" }).click();
    await page.getByText("Nothing yet").waitFor();
  });

  test("is saved under a name, for the command line too", async ({ page }) => {
    const x = new Explorer(page);
    const query = `${audit} and 'Resource Operations' = activate | stats count as Activations`;
    await x.open(query, { last: "7d" });
    await x.action("Save this search…");
    await page.getByLabel("Name", { exact: true }).fill("Activations of a week");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    const saved = (await call<{ items: { name: string; query: string; last: string }[] }>("/ledgerline/v1/searches?limit=1000")).items.find((s) => s.name === "Activations of a week");
    expect(saved).toMatchObject({ query, last: "168h0m0s" });
    expect(ledgerline(["query", "--saved", "Activations of a week", "-o", "csv"])).toMatch(/^Activations\n\d+\n$/);

    await x.open("*");
    await x.action("Saved searches and history…");
    await x.changed(() => page.getByRole("button", { name: /^Activations of a week/ }).click());
    expect(x.query()).toBe(query);
    expect(x.param("last")).toBe("7d");
    await x.action("Saved searches and history…");
    page.on("dialog", (d) => void d.accept());
    await page.getByRole("button", { name: "Delete Activations of a week" }).click();
    await page.getByText("None yet.").or(page.locator(".search-list")).first().waitFor();
    await expect.poll(async () => (await call<{ items: { name: string }[] }>("/ledgerline/v1/searches?limit=1000")).items.map((s) => s.name)).not.toContain("Activations of a week");
  });
});

describe("an address", () => {
  test("reproduces what is seen, for somebody else", async ({ page, open }) => {
    const x = new Explorer(page);
    await x.open(audit);
    await x.values("Resource Operations");
    await x.changed(() => page.locator(".value-name").nth(1).click());
    for (const name of ["User Name", "OCI Resource Name"]) {
      await page.getByRole("button", { name: `Actions for ${name}` }).click();
      await page.getByRole("menuitem", { name: "Show as a column" }).click();
    }
    await x.show("table_histogram");
    await page.locator(".time-button").click();
    await page.getByLabel("Time zone").selectOption("Asia/Tokyo");
    await page.keyboard.press("Escape");
    await x.answered();
    const seen = async (of: Explorer) => ({
      query: await of.page.getByRole("textbox", { name: "Query", exact: true }).innerText(), range: await of.page.locator(".time-button").innerText(), viz: await of.page.getByRole("button", { name: /^Visualisation/ }).innerText(),
      total: await of.total(), histogram: await of.histogramTotal(), rows: (await of.grid("Records")).cells, columns: await of.page.getByRole("columnheader").allInnerTexts(),
    });
    const here = await seen(x);
    expect(here.columns.map((c) => c.trim())).toEqual(["Time", "User Name", "OCI Resource Name"]);
    expect(here.total).toBe((await ask(x.query())).rows.length);

    const other = new Explorer(await open());
    await other.page.goto(page.url());
    await other.answered();
    expect(await seen(other)).toEqual(here);
    await page.goBack();
    await x.answered();
    expect(page.url()).not.toBe(other.page.url());
  });
});

describe("a long query", () => {
  test("shows that it runs, and is cancelled", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(audit);
    // The server's answers do not come: the query takes forever.
    await page.route("**/ledgerline/v1/query", () => {});
    await x.edit("'Resource Operations' = update");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("progressbar", { name: "Query" }).waitFor();
    // Nobody knows how far a query is: the bar moves and claims nothing.
    expect(await page.getByRole("progressbar", { name: "Query" }).getAttribute("aria-valuenow")).toBeNull();
    const given = page.waitForEvent("requestfailed", (r) => r.url().endsWith("/query"));
    await page.getByRole("button", { name: "Cancel", exact: true }).click();
    await given;
    await page.getByText("Cancelled", { exact: true }).waitFor();
    await page.unroute("**/ledgerline/v1/query");
    await page.getByRole("button", { name: "Run again" }).click();
    await x.answered();
    expect(await x.total()).toBe(await count("'Resource Operations' = update"));
  });

  test("is cancelled when the page is left", async ({ page }) => {
    await page.route("**/ledgerline/v1/query", () => {});
    await page.goto("/ui/dashboards/ledgerline-audit-overview");
    await page.locator(".tile .spinner").first().waitFor();
    const given = page.waitForEvent("requestfailed", (r) => r.url().endsWith("/query"));
    await page.getByRole("link", { name: "Integrations" }).click();
    await given;
  });
});
