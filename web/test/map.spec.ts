import { describe } from "vitest";
import { drawn, figures, shoot } from "./look";
import { Explorer } from "./pages/explorer";
import { ask } from "./store";
import { expect, test } from "./test";

describe("map", () => {
  test("puts a bubble on each place, with borders that come with the program", async ({ page }) => {
    const x = new Explorer(page);
    // The demo's records have no addresses: where their users are is made up here.
    await x.open("'Log Source' = 'OCI Integration Audit Logs' | eval Coordinates = if('User Name' = 'lena@example.com', '48.14,11.58', 'User Name' = 'hiro@example.com', '35.68,139.69', '40.71,-74.01') | geostats include = custom coordinates = Coordinates count as Records");
    const stored = await ask(x.query());
    expect(stored.rows.length).toBe(3);
    const map = page.getByRole("img", { name: /^Map of/ });
    expect(figures((await map.getAttribute("aria-label"))!)).toEqual([stored.rows.length]);
    expect(await drawn(map)).toBe(true);
    await shoot(page, "map");
    // A column of another name, and one that is not grouped by geostats.
    for (const how of ["geostats include = custom coordinates = Where count as Records", "stats count as Records by Where"]) {
      await x.open(`'Log Source' = 'OCI Integration Audit Logs' | eval Where = if('User Name' = 'lena@example.com', '48.14,11.58', '35.68,139.69') | ${how}`, { viz: "map" });
      expect(figures((await map.getAttribute("aria-label"))!)).toEqual([2]);
    }
    await page.goBack();
    await page.goBack();
    await x.answered();
    await x.show("table");
    expect((await x.grid("Result")).cells.map((c) => figures(c[1]!)[0]).sort()).toEqual(stored.rows.map((r) => r[1]).sort());
  });
});
