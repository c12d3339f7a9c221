import { existsSync, readdirSync } from "node:fs";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { axe, openBrowser, openPage, shoot } from "./pages";

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

const shared = process.env.LEDGERLINE_SHARED ?? new URL("../../../shared/data", import.meta.url).pathname;
const folder = shared + "/dashboards";
const files = existsSync(folder) ? readdirSync(folder).filter((f) => f.endsWith(".json")) : [];

describe("login", () => {
  it("refuses a wrong password and says so", async () => {
    const { page } = await openPage(browser, { loggedIn: false });
    await page.goto("/ui/explore");
    await page.getByLabel("User").fill("nobody");
    await page.getByLabel("Password").fill("wrong");
    await axe(page);
    await page.getByRole("button", { name: "Log in" }).click();
    expect(await page.getByRole("alert").innerText()).toContain("no such user");
  });
});

describe.skipIf(files.length === 0)("dashboards of Oracle's files", () => {
  it("import through the page, all of them", async () => {
    const { page } = await openPage(browser);
    await page.goto("/ui/dashboards");
    await page.locator("input[type=file]").setInputFiles(files.map((f) => `${folder}/${f}`));
    await page.locator(".notice").nth(files.length - 1).waitFor();
    expect(await page.locator(".notice.bad").count()).toBe(0);
    await page.locator(".board-card").first().waitFor();
    await axe(page);
    await shoot(page, "dashboards");
  });
  it.each(["Oracle Integration: Audit Analysis", "Oracle Integration: Key Metrics", "Oracle Integration: Health Overview"])("show %s: each tile has data, or says which it lacks", async (name) => {
    const { page, problems } = await openPage(browser);
    await page.goto("/ui/dashboards");
    await page.getByRole("heading", { name, exact: true }).first().click();
    await page.locator(".tile").first().waitFor();
    await page.waitForFunction(() => document.querySelectorAll(".tile .spinner").length === 0, undefined, { timeout: 50_000 });
    expect(await page.locator(".tile [role=alert]").allInnerTexts()).toEqual([]);
    await shoot(page, "dashboard-" + name.split(" ").at(-1)!.toLowerCase());
    expect(problems).toEqual([]);
  });
});

describe("integrations", () => {
  it("list runs whose steps unfold, and run now", async () => {
    const { page } = await openPage(browser);
    await page.goto("/ui/integrations");
    await page.getByRole("button", { name: "Run oic-audit now" }).waitFor();
    await axe(page);
    await shoot(page, "integrations");
    await page.goto("/ui/integrations/runs?integration=oic-audit");
    await page.getByRole("button", { name: /Steps of run/ }).last().click();
    expect(await page.locator(".steps strong").allInnerTexts()).toEqual(expect.arrayContaining(["fetch", "stage"]));
  });
  it("test a connection step by step", async () => {
    const { page } = await openPage(browser);
    await page.goto("/ui/integrations/connections");
    await page.getByRole("button", { name: "Test oic", exact: true }).click();
    await page.locator(".probes li").first().waitFor();
    expect(await page.locator(".probes .failed").count()).toBe(0);
  });
});

describe("administration", () => {
  it("shows what the store holds", async () => {
    const { page } = await openPage(browser);
    await page.goto("/ui/admin/storage");
    await page.locator("[data-source]").first().waitFor();
    await axe(page);
    await shoot(page, "storage");
    expect(await page.locator("[data-source]").count()).toBeGreaterThan(0);
    expect(new URL(page.url()).origin).toBe(inject("base"));
  });
  it("shows in the workbench what a parser makes of an example", async () => {
    const { page } = await openPage(browser);
    await page.goto("/ui/admin/parsers");
    await page.getByText("OCI Integration Audit Log Format").click();
    await page.locator("[data-entries]").waitFor();
    expect(Number(await page.locator("[data-entries]").getAttribute("data-entries"))).toBeGreaterThan(0);
    await shoot(page, "workbench");
  });
});
