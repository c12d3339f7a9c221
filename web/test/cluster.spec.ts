import { describe } from "vitest";
import { figures, shoot } from "./look";
import { Explorer } from "./pages/explorer";
import { ask, column } from "./store";
import { expect, test } from "./test";

const messages = "'Log Source' = 'OCI Analytics Cloud Diagnostic Logs'";

describe("cluster", () => {
  test("tells potential issues, outliers and trends apart, and leads to the records", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(`${messages} | cluster`);
    const stored = await ask(x.query());
    const counts = column(stored, "Count") as number[];
    const shapes = column(stored, "Shape").filter((s) => s !== null && s !== "");
    const expected = {
      Clusters: counts.length,
      "Potential issues": column(stored, "Potential Issue").filter((p) => p === "1").length,
      Outliers: counts.filter((n) => n === 1).length,
      Trends: [...new Set(shapes)].filter((s) => shapes.filter((o) => o === s).length > 1).length,
    };
    for (const [name, n] of Object.entries(expected)) {
      const tab = page.getByRole("tab", { name: new RegExp("^" + name) });
      expect(figures(await tab.innerText()), name).toEqual([n]);
      await tab.click();
      await expect.poll(() => page.locator(".cluster").count(), { message: name }).toBe(Math.min(50, n));
    }
    await page.getByRole("tab", { name: /^Clusters/ }).click();
    await shoot(page, "cluster");
    const records = figures(await page.locator(".cluster-side > strong").first().innerText())[0];
    await x.changed(() => page.getByRole("button", { name: "Records", exact: true }).first().click());
    expect(await x.total()).toBe(records);
    expect(counts).toContain(records);
  });

  test("compares with the time before", async ({ page }) => {
    const x = new Explorer(page);
    const day = { from: new Date(Date.now() - 4 * 864e5).toISOString(), to: new Date(Date.now() - 2 * 864e5).toISOString() };
    await x.open("'Log Source' = 'OCI Integration Audit Logs' | clustercompare", day);
    const stored = await ask(x.query(), day);
    expect(figures(await page.getByRole("tab", { name: /^Clusters/ }).innerText())).toEqual([stored.rows.length]);
    const where = column(stored, "Found In");
    await expect.poll(() => page.locator(".tag.accent", { hasText: "Only now" }).count()).toBe(where.slice(0, 50).filter((w) => w === "Current").length);
    await expect.poll(() => page.locator(".tag.accent", { hasText: "Only before" }).count()).toBe(where.slice(0, 50).filter((w) => w === "Baseline").length);
  });
});
