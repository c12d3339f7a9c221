import { describe } from "vitest";
import { VIZ, type VizId } from "../src/viz/registry";
import { drawn, figures } from "./look";
import { Explorer } from "./pages/explorer";
import { ask, column, count } from "./store";
import { expect, test } from "./test";

const audit = "'Log Source' = 'OCI Integration Audit Logs'";
const sum = (list: number[]) => list.reduce((a, b) => a + b, 0);
const sorted = (rows: string[][]) => rows.map((r) => r.join("\t")).sort();

/** What of each visualisation is compared with the store; x shows it, after a switch from another one. */
const checks: Record<VizId, (x: Explorer) => Promise<void>> = {
  records: records,
  records_histogram: async (x) => {
    await records(x);
    expect(await x.histogramTotal()).toBe(await count(audit));
    expect(await drawn(x.page.locator(".histogram"))).toBe(true);
  },
  table: async (x) => {
    const { rows, cells } = await x.grid("Result");
    const stored = await ask(x.query());
    expect(rows).toBe(stored.rows.length);
    expect(cells.map(([name, n]) => [name, figures(n!)[0]])).toEqual(stored.rows);
  },
  table_histogram: async (x) => {
    expect((await x.grid("Records")).rows).toBe(Math.min(500, await count(audit)));
    expect(await x.histogramTotal()).toBe(await count(audit));
  },
  line: chart, area: chart, bar: chart, hbar: chart, pie: chart, sunburst: chart, treemap: chart, heatmap: chart,
  tile: async (x) => {
    const shown = await x.page.locator(".big").allInnerTexts();
    expect(shown.map((t) => figures(t)[0])).toEqual(column(await ask(x.query()), "Records").slice(0, 12));
  },
  summary: async (x) => {
    const { rows, cells } = await x.grid("Summary table");
    const stored = await ask(x.query());
    expect(rows).toBe(stored.rows.length);
    expect(cells.map((c) => figures(c[1]!)[0])).toEqual(column(stored, "Records"));
    await expect.poll(() => x.page.locator(".grid-row svg").count()).toBe(rows);
  },
  distinct: async (x) => {
    const { cells } = await x.grid("Distinct values");
    expect(sorted(cells)).toEqual(sorted((await ask(x.query())).rows.map((r) => r.map(String))));
  },
  words: async (x) => {
    const titles = await x.page.locator(".words button").evaluateAll((list) => list.map((b) => b.getAttribute("title") ?? ""));
    expect(titles.map((t) => t.replaceAll(",", "")).sort()).toEqual((await ask(x.query())).rows.map(([value, n]) => `${String(value)}: ${String(n)}`).sort());
  },
  map: async (x) => expect(await x.page.locator(".results").innerText()).toContain("No places"), // as the demo has no addresses; map.spec.ts has some
  cluster: clusters,
  cluster_compare: clusters,
  link: async (x) => {
    const stored = await ask(x.query());
    expect(figures(await x.page.locator(".link-summary").innerText()).slice(0, 2)).toEqual([stored.rows.length, sum(column(stored, "Count") as number[])]);
    expect((await x.grid("Groups")).rows).toBe(stored.rows.length);
    expect(await drawn(x.page.locator(".link-chart .chart"))).toBe(true);
  },
};

async function records(x: Explorer) {
  expect(await x.total()).toBe(await count(audit));
  await x.page.locator(".record-text").first().waitFor();
}

// Twenty rows of a chart are there to be read, however many are drawn.
async function chart(x: Explorer) {
  const stored = await ask(x.query());
  expect(sorted(await x.chartTable())).toEqual(sorted(stored.rows.slice(0, 20).map((r) => r.map((v) => String(v ?? "")))));
  expect(figures((await x.page.locator(".viz .chart").getAttribute("aria-label")) ?? "")[0]).toBe(stored.series ? stored.series.lines.length : stored.rows.length);
  expect(await drawn(x.page.locator(".viz .chart"))).toBe(true);
}

async function clusters(x: Explorer) {
  const stored = await ask(x.query());
  const shown = figures(await x.page.getByRole("tab", { name: /^Clusters/ }).innerText())[0];
  expect(shown).toBe(stored.rows.length);
  while (await x.page.getByRole("button", { name: "Show more" }).isVisible()) await x.page.getByRole("button", { name: "Show more" }).click();
  const counts = (await x.page.locator(".cluster-side > strong").allInnerTexts()).map((t) => figures(t)[0]!);
  expect(counts.sort()).toEqual((column(stored, "Count") as number[]).sort());
}

describe("the same query, without being typed again, as", () => {
  test.for(VIZ.map((v) => v.id))("%s", async (id, { visited }) => {
    const x = new Explorer(visited);
    // A summary table adds a trend to records; of what is grouped already it shows what there is.
    if (id === "summary") await x.open("'Log Source' in ('OCI Integration Audit Logs', 'OCI Analytics Cloud Audit Logs')");
    else await x.open(`${audit} | stats count as Records by 'Resource Operations' | sort -Records`, { viz: id === "pie" ? "hbar" : "pie" });
    await x.show(id);
    await checks[id](x);
  });
});

describe("a chart", () => {
  test("changes what it groups by and what it counts", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(`${audit} | timestats count as Records by 'Resource Operations'`, { viz: "bar" });
    await x.changed(async () => {
      await page.getByRole("button", { name: "Group by", exact: true }).click();
      await page.getByRole("menuitem", { name: "User Name", exact: true }).click();
    });
    await chart(x);
    await x.changed(() => page.getByRole("button", { name: "Do not group by Resource Operations" }).click());
    await chart(x);
    await x.changed(async () => {
      await page.getByRole("button", { name: "count", exact: true }).click();
      await page.getByRole("menuitem", { name: "distinctcount('Resource Operations')" }).or(page.getByRole("menuitemradio", { name: "distinctcount('Resource Operations')" })).click();
    });
    await chart(x);
  });
});
