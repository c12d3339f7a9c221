import { describe } from "vitest";
import { shoot } from "./look";
import { Explorer } from "./pages/explorer";
import { ask, call, column, count, settledRange } from "./store";
import { expect, test } from "./test";

const audit = "'Log Source' = 'OCI Integration Audit Logs'";

describe("Log Explorer", () => {
  test("shows the records of a query, their number, and when they were", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(audit);
    const stored = await count(audit);
    expect(stored).toBeGreaterThan(100);
    expect(await x.total()).toBe(stored);
    expect(await x.histogramTotal()).toBe(stored);
    await expect.poll(() => page.getByRole("feed").locator("article").first().getAttribute("aria-setsize")).toBe(String(Math.min(stored, 500)));
    await x.values("Resource Operations");
    await shoot(page, "explore");
  });

  test("unfolds a record to all its fields and its text as it came", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(`${audit} | sort -Time | head 1`);
    const newest = await ask(`${audit} | sort -Time | head 1 | fields 'User Name', 'Resource Operations'`);
    await x.unfold();
    const row = (name: string) => page.locator(".detail-fields tr", { has: page.getByRole("rowheader", { name, exact: true }) }).locator("td").first();
    await expect.poll(() => row("User Name").innerText()).toBe(column(newest, "User Name")[0]);
    await expect.poll(() => row("Resource Operations").innerText()).toBe(column(newest, "Resource Operations")[0]);
    const original = String(column(newest, "Original Log Content")[0]);
    await page.getByRole("tab", { name: "JSON" }).click();
    expect(JSON.parse(await page.locator(".detail-text").innerText())).toEqual(JSON.parse(original));
    await page.getByRole("tab", { name: "Original text" }).click();
    await expect.poll(() => page.locator(".detail-text").innerText()).toBe(original);
  });

  test("counts the values of a field as the store does", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(audit);
    const stored = await ask(`${audit} | stats count as Records by 'Resource Operations' | sort -Records | head 10`);
    const shown = await x.values("Resource Operations");
    expect(new Map(shown.map((v) => [v.value, v.records]))).toEqual(new Map(stored.rows.map((r) => [r[0], r[1]])));
  });

  test("pins a field, and shows one as a column that can be moved", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(audit);
    for (const item of ["Pin to the top", "Show as a column"]) {
      await page.getByRole("button", { name: "Actions for User Name" }).click();
      await page.getByRole("menuitem", { name: item }).click();
    }
    await page.getByRole("heading", { name: "Pinned" }).waitFor();
    await page.reload();
    await x.answered();
    await expect.poll(() => page.locator(".fields section").first().locator(".field-name").innerText()).toContain("User Name");
    await page.getByRole("button", { name: "Columns", exact: true }).click();
    await page.getByRole("dialog", { name: "Columns" }).getByRole("checkbox", { name: "Resource Type", exact: true }).check();
    await page.getByRole("button", { name: "Move Resource Type up" }).click();
    await page.waitForURL((u) => u.searchParams.getAll("col").join() === "Resource Type,User Name");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.locator(".record-fields").first().locator(".muted").allInnerTexts()).toEqual(["Resource Type", "User Name"]);
  });

  test("underlines a mistake where it is, and completes commands, fields and values", async ({ page }) => {
    const x = new Explorer(page);
    await x.open("* | stats count by 'User Name' | sorrt -Count");
    const mark = page.locator(".cm-lintRange-error").first();
    await mark.waitFor();
    await expect.poll(() => mark.innerText()).toContain("sorrt");
    const offers = page.locator(".cm-tooltip-autocomplete li");
    for (const [typed, offered] of [["* | timest", "timestats"], ["* | stats count by 'Resource Op", "Resource Operations"], ["'Resource Operations' = act", "activate"]] as const) {
      await x.edit("");
      await page.keyboard.type(typed);
      await page.keyboard.press("Control+Space");
      await offers.filter({ hasText: offered }).first().waitFor();
      await page.keyboard.press("Escape");
    }
  });

  test("takes a query of several lines", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(audit);
    await x.run(`${audit}\n| stats count as Records by 'User Name'\n| sort -Records`);
    expect((await x.grid("Result")).rows).toBe((await ask(x.query())).rows.length);
  });

  test("shows the plan, and with it what each step took", async ({ page }) => {
    const x = new Explorer(page);
    const query = `${audit} | stats count as Records by 'User Name'`;
    await x.open(query);
    await page.getByRole("button", { name: "Explain how it is answered" }).click();
    const dialog = page.getByRole("dialog", { name: "How this query is answered" });
    const { plan } = await call<{ plan: string }>("/ledgerline/v1/explain", { query, ...x.window() });
    await expect.poll(() => dialog.locator("pre").first().innerText()).toContain(plan.trim().split("\n")[0]!.trim());
    await dialog.getByText("SQL for the engine").click();
    await expect.poll(() => dialog.locator("pre").last().innerText()).toMatch(/^SELECT/);
    await dialog.getByRole("button", { name: /Run it/ }).click();
    await dialog.getByRole("columnheader", { name: "Rows out" }).waitFor();
  });

  test("shows the server's hints beside a result", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(`${audit} | where 'User Name' = Actoin`);
    const { hints } = await call<{ hints: string[] }>("/ledgerline/v1/query", { query: x.query(), ...x.window() });
    expect(hints.length).toBe(1);
    expect((await page.getByRole("list", { name: "Remarks on the result" }).innerText()).trim()).toBe(hints[0]);
    await x.open(audit);
    expect(await page.getByRole("list", { name: "Remarks on the result" }).count()).toBe(0);
  });

  test("says what is wrong with a query, and that nothing was found", async ({ page }) => {
    const x = new Explorer(page);
    await x.open("* | nosuchcommand");
    expect(await x.problems()).toEqual([expect.stringContaining("nosuchcommand")]);
    await expect.poll(() => page.getByRole("alert").count()).toBe(1); // told once
    expect(await page.getByRole("button", { name: "Try again" }).count()).toBe(0); // it would be refused again
    await x.open("'User Name' = 'nobody at all'");
    await page.getByText("No records").waitFor();
    expect(await x.histogramTotal()).toBe(0);
  });

  test("asks again after the server failed", async ({ page }) => {
    const failed = { status: 500, contentType: "application/json", body: JSON.stringify({ code: "InternalServerError", message: "something failed" }) };
    for (const operation of ["**/ledgerline/v1/status", "**/ledgerline/v1/query"]) {
      await page.route(operation, (r) => r.fulfill(failed));
      await page.goto("/ui/explore?" + new URLSearchParams({ q: audit, ...settledRange() }).toString());
      const results = page.getByRole("region", { name: "Results" });
      await results.getByRole("alert").getByText("something failed").waitFor();
      expect(await page.getByText("No fields").count()).toBe(0); // nobody knows
      await page.unroute(operation);
      await results.getByRole("button", { name: "Try again" }).click();
      const x = new Explorer(page);
      await page.locator(".counts").waitFor();
      await x.answered();
      expect(await x.total()).toBe(await count(audit));
    }
  });
});
