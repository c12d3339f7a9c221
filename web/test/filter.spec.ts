import { describe } from "vitest";
import { Explorer } from "./pages/explorer";
import { ask, column, count } from "./store";
import { expect, test } from "./test";

const audit = "'Log Source' = 'OCI Integration Audit Logs'";
const field = "Resource Operations";

describe("a click on a value", () => {
  test("of the field panel keeps only its records, or all others", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(audit);
    const first = (await x.values(field))[0]!;
    await x.changed(() => page.locator(".value-name").first().click());
    expect(await x.total()).toBe(first.records);
    expect(await x.total()).toBe(await count(`${audit} and '${field}' = '${first.value}'`));

    await x.open(audit);
    await x.values(field);
    await x.changed(() => page.getByRole("button", { name: `Exclude ${first.value}`, exact: true }).click());
    expect(await x.total()).toBe(await count(`${audit} and '${field}' != '${first.value}'`));
  });

  test("of a record does the same", async ({ page }) => {
    const x = new Explorer(page);
    const user = String(column(await ask(`${audit} | sort -Time | head 1 | fields 'User Name'`), "User Name")[0]);
    await x.open(audit);
    await x.unfold();
    await x.changed(() => page.getByRole("button", { name: "Only this User Name" }).click());
    expect(await x.total()).toBe(await count(`${audit} and 'User Name' = '${user}'`));

    await x.open(audit);
    await x.unfold();
    await x.changed(() => page.getByRole("button", { name: "Exclude this User Name" }).click());
    expect(await x.total()).toBe(await count(`${audit} and 'User Name' != '${user}'`));

    await x.open(audit);
    await x.changed(() => page.locator(".record-fields", { hasText: "User Name" }).first().locator("span", { hasText: "User Name" }).locator("button").first().click());
    expect(await x.total()).toBe(await count(`${audit} and 'User Name' = '${user}'`));
  });

  test("groups by a field, and a group leads to its records", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(audit);
    await page.getByRole("button", { name: `Actions for ${field}` }).click();
    await x.changed(() => page.getByRole("menuitem", { name: "Group by it" }).click());
    const groups = await ask(x.query());
    expect(await x.chartTable()).toEqual(groups.rows.map((r) => r.map(String)));

    await x.show("table");
    const [value, records] = groups.rows[0] as [string, number];
    await x.changed(() => page.getByRole("gridcell", { name: value, exact: true }).getByRole("button").click());
    expect(await x.total()).toBe(records);
  });

  test("of a chart leads to its records", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(`${audit} | stats count as Records by '${field}' | sort -Records`, { viz: "words" });
    const groups = await ask(x.query());
    const [value, records] = groups.rows[1] as [string, number];
    await x.changed(() => page.locator(".words").getByRole("button", { name: value, exact: true }).click());
    expect(await x.total()).toBe(records);
  });
});
