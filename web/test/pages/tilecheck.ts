import { groupedBy, kindOf, splitQuery } from "../../src/lib/querytext";
import { expect } from "vitest";
import { figures } from "../look";
import { ask } from "../store";
import type { TileOnPage } from "./boards";

/** agrees compares what a tile shows with what the store answers to its question, and returns how many rows that has. */
export async function agrees(tile: TileOnPage): Promise<number> {
  const { query, from, to } = await tile.question();
  const stored = await ask(query, { from, to });
  const rows = stored.rows.length;
  const where = `${await tile.title()}: ${query}`;
  const body = tile.body;
  expect(await body.locator("[role=alert]").allInnerTexts(), where).toEqual([]);

  const viz = await tile.viz();
  if (viz === "tile") {
    // Groups are counted, other rows show their numbers.
    const by = groupedBy(splitQuery(query).find((c) => c.name === "stats")?.text ?? "");
    const shown = await body.locator(".big").evaluateAll((list) => list.map((b) => b.getAttribute("title") ?? ""));
    const expected = by.length > 0 ? [rows] : stored.rows.flatMap((r) => r.filter((v): v is number => typeof v === "number")).map((n) => Math.round(n * 1000) / 1000);
    expect(shown.map((t) => figures(t)[0]), where).toEqual(expected);
  } else if (rows === 0 && !stored.series?.lines.length) {
    expect(await body.innerText(), where).toContain("No data");
  } else if (viz === "link") {
    const chart = body.locator(".chart, .grid").first();
    expect(await chart.count(), where).toBe(1);
    if (/^Bubbles/.test((await chart.getAttribute("aria-label")) ?? "")) expect(figures((await chart.getAttribute("aria-label"))!)[0], where).toBe(rows);
  } else if (viz === "cluster") {
    expect(await body.locator(".cluster").count(), where).toBe(Math.min(50, rows));
  } else if (viz === "words") {
    expect(await body.locator(".words li").count(), where).toBe(Math.min(150, rows));
  } else if ((await body.locator(".grid").count()) > 0) {
    const most = kindOf(splitQuery(query)) === "records" ? 500 : Infinity;
    expect(Number(await body.locator(".grid").getAttribute("aria-rowcount")) - 1, where).toBe(Math.min(most, rows));
  } else {
    const label = (await body.locator(".chart").getAttribute("aria-label")) ?? "";
    expect(figures(label)[0], where).toBe(stored.series ? stored.series.lines.length : rows);
  }
  return rows || (stored.series?.lines.length ?? 0);
}
