import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { VIZ } from "../src/viz/registry";
import { axe, Explorer, inStore, openBrowser, openPage, shoot } from "./pages";

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

const audit = "'Log Source' = 'OCI Integration Audit Logs'";

describe("Log Explorer", () => {
  it("shows as many records as the store has, and zooms by dragging", async () => {
    const { page, problems } = await openPage(browser);
    const x = new Explorer(page);
    await x.open(audit);
    const stored = Number(inStore(`${audit} | stats count`)[0]![0]);
    expect(stored).toBeGreaterThan(100);
    expect(await x.histogramTotal()).toBe(stored);
    expect((await x.counts()).total).toBe(stored);
    await page.locator(".record").first().waitFor();
    await page.locator(".field-item").first().waitFor();
    await axe(page);
    await shoot(page, "explore");
    const box = (await page.locator(".histogram").boundingBox())!;
    await page.mouse.move(box.x + 300, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + 500, box.y + 40, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(/from=(?!.*last=)/);
    await page.waitForFunction((n) => Number(document.querySelector(".histogram")?.getAttribute("data-total")) < n, stored);
    expect(problems).toEqual([]);
  });

  it("filters by a click on a value", async () => {
    const { page } = await openPage(browser);
    const x = new Explorer(page);
    await x.open(audit);
    await page.getByRole("button", { name: /Resource Operations/ }).first().click();
    const value = page.locator(".value-name").first();
    await value.waitFor();
    const name = await value.locator(".ellipsis").innerText();
    await value.click();
    await page.waitForURL(/Resource\+Operations|Resource%20Operations/);
    const stored = Number(inStore(`${audit} and 'Resource Operations' = '${name}' | stats count`)[0]![0]);
    await page.waitForFunction((n) => Number(document.querySelector(".counts")?.getAttribute("data-total")) === n, stored);
    expect((await x.counts()).total).toBe(stored);
  });

  it("unfolds a record with the keyboard alone", async () => {
    const { page } = await openPage(browser);
    const x = new Explorer(page);
    await x.open(audit);
    await page.locator(".record-head").first().waitFor();
    await page.locator(".record-head").first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("tab", { name: "JSON" }).waitFor();
    await page.getByRole("tab", { name: "JSON" }).press("Enter");
    expect(await page.locator(".detail-text").innerText()).toContain("auditTrailMessage");
  });

  it("underlines a mistake where it is", async () => {
    const { page } = await openPage(browser);
    await new Explorer(page).open("* | stats count by 'User Name' | sorrt -Count");
    const mark = page.locator(".cm-lintRange-error").first();
    await mark.waitFor();
    expect(await mark.innerText()).toContain("sorrt");
  });

  it.each(VIZ.filter((v) => v.clause && v.id !== "map").map((v) => v.id))("shows %s", async (id) => {
    const { page, problems } = await openPage(browser);
    const x = new Explorer(page);
    await x.open(audit);
    await x.counts();
    await page.getByRole("button", { name: /^Visualisation/ }).click();
    await page.getByRole("menuitemradio", { name: VIZ.find((v) => v.id === id)!.name, exact: true }).click();
    const counts = await x.counts();
    expect(await page.locator(".results [role=alert]").count()).toBe(0);
    await page.locator(".chart[data-ready=true], .grid, .tiles, .words, .clusters").first().waitFor();
    if (id === "hbar") {
      expect(counts.rows).toBe(inStore(x.query()).length);
      await shoot(page, "bars");
    }
    if (id === "tile") expect(await page.locator(".big").getAttribute("data-value")).toBe(inStore(x.query())[0]![0]);
    if (id === "link") await shoot(page, "link");
    expect(problems).toEqual([]);
  });

  it("shows hostile text without obeying it", async () => {
    const { page, problems } = await openPage(browser);
    await page.addInitScript(() => Object.assign(window, { owned: 0 }));
    const evil = `<img src=x onerror="window.owned=1"><script>window.owned=1</script> javascript:alert(1) \u202Etxt.exe\u0007`;
    await page.route("**/ledgerline/v1/query", async (route) => {
      const answer = await route.fetch();
      const body = (await answer.json()) as { columns: { name: string }[]; rows: unknown[][] };
      const at = body.columns.findIndex((c) => c.name === "Original Log Content");
      for (const r of body.rows) if (at >= 0) r[at] = evil + "x".repeat(1_000_000 / Math.min(body.rows.length, 20));
      await route.fulfill({ response: answer, json: body });
    });
    await new Explorer(page).open(`${audit} | head 20`);
    await page.locator(".record-head").first().click();
    await page.getByRole("tab", { name: "Original text" }).click();
    const text = page.locator(".detail-text");
    expect(await text.innerText()).toContain("U+202E");
    expect(await text.innerText()).toContain("<script>window.owned=1</script>");
    await text.getByRole("button", { name: /show all/ }).waitFor();
    expect(await page.evaluate(() => (window as unknown as { owned: number }).owned)).toBe(0);
    expect(problems).toEqual([]);
  });
});
