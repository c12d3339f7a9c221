import { describe } from "vitest";
import { drawn, figures, settled, shoot } from "./look";
import { Explorer } from "./pages/explorer";
import { ask, column, count, type Table } from "./store";
import { expect, test } from "./test";

const runs = "'Log Source' = 'OCI Integration Activity Stream Logs' and OICStatus in (Completed, Failed)";
const story = `${runs}
  | link Integration
  | stats distinctcount('Instance ID') as Instances
  | timestats name = 'Over time' count as Runs by Integration
  | classify topcount = 20 Count as Sizes
  | sequence name = Course [ OICStatus != null ]{1,} select OICStatus as Status, Time
  | createtable name = Busy select Integration as What, Count as Many`;
const table = (list: Table[] | undefined, name: string) => list!.find((t) => (t as unknown as { name: string }).name === name)!;

describe("link", () => {
  test("shows groups as bubbles and as a table", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(story);
    const stored = await ask(story);
    const summary = figures(await page.locator(".link-summary").innerText());
    expect(summary[0]).toBe(stored.rows.length);
    expect(summary[1]).toBe(await count(runs));
    const bubbles = page.getByRole("img", { name: /^Bubbles/ });
    expect(figures((await bubbles.getAttribute("aria-label"))!)).toEqual([stored.rows.length]);
    expect(await drawn(bubbles)).toBe(true);
    const { rows, cells } = await x.grid("Groups");
    expect(rows).toBe(stored.rows.length);
    expect(cells.slice(0, 8).map((c) => [c[0], figures(c[1]!)[0]])).toEqual(stored.rows.slice(0, 8).map((r) => r.slice(0, 2)));
    await shoot(page, "link");
  });

  test("draws the chart, the classes, the sequence and the table that the query made", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(story);
    const stored = await ask(story);
    const tab = async (name: string) => {
      await page.getByRole("tab", { name, exact: true }).click();
      await settled(page);
    };

    await tab("Over time");
    expect(await drawn(page.getByRole("img", { name: "Chart Over time" }))).toBe(true);

    await tab("Sizes");
    const classes = table(stored.tables, "Sizes");
    await expect.poll(() => page.getByRole("img", { name: `Classes of Sizes: ${classes.rows.length}` }).count()).toBe(1);
    expect((await x.grid("Sizes")).cells.map((c) => figures(c[1]!)[0])).toEqual(column(classes, "Group Count"));

    await tab("Busy");
    const busy = await x.grid("Busy");
    expect(busy.rows).toBe(stored.rows.length);
    expect(busy.cells.slice(0, 8).map((c) => [c[0], figures(c[1]!)[0]])).toEqual(table(stored.tables, "Busy").rows.slice(0, 8));

    await tab("Timeline");
    const course = column(stored, "Course") as unknown[][];
    const shown = page.locator(".sequences > li");
    await expect.poll(() => shown.count()).toBe(course.length);
    await expect.poll(() => shown.first().locator(".sequence > li").count()).toBe(Math.min(60, course[0]!.length));
  });

  test("drills into the records of a group", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(`${runs} | link Integration, OICStatus`);
    const [integration, status, records] = (await ask(x.query())).rows[0] as [string, string, number];
    await page.getByRole("grid", { name: "Groups" }).locator(".grid-row").first().click();
    const dialog = page.getByRole("dialog", { name: `${integration} · ${status}` });
    await dialog.getByRole("grid", { name: "Records of the group" }).waitFor();
    expect(Number(await dialog.getByRole("grid").getAttribute("aria-rowcount")) - 1).toBe(records);
    await x.changed(() => dialog.getByRole("button", { name: "Open in Log Explorer" }).click());
    expect(await x.total()).toBe(records);
    expect(records).toBe(await count(`${runs} and Integration = '${integration}' and OICStatus = '${status}'`));
  });
});
