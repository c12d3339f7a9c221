import type { Page } from "playwright-core";
import { expect } from "vitest";
import { VIZ, type VizId } from "../../src/viz/registry";
import { settled, shownFigures, visit } from "../look";
import { settledRange, type Window } from "../store";

/** Explorer is Log Explorer. */
export class Explorer {
  constructor(readonly page: Page) {}

  /** open shows a query by its address, by default over the range that no longer changes. */
  async open(query: string, more: Partial<Window> & { viz?: VizId; last?: string; col?: string } = {}) {
    await visit(this.page, "/ui/explore?" + new URLSearchParams({ q: query, ...(more.last ? {} : settledRange()), ...more }).toString());
    await this.answered();
  }

  /** answered waits until the query of the address is answered, and for the editor, which loads by itself. */
  async answered() {
    await this.page.locator(".cm-editor").waitFor();
    await this.page.locator(".counts, .results [role=alert], .results .empty strong:not(:empty)").first().waitFor({ timeout: 60_000 });
    await settled(this.page);
  }

  param(name: string): string {
    return new URL(this.page.url()).searchParams.get(name) ?? "";
  }

  query = () => this.param("q");
  window = (): Window => ({ from: this.param("from"), to: this.param("to") });

  /** changed waits until the address has another query, and for its answer. */
  async changed(does: () => Promise<void>) {
    const before = this.query();
    await does();
    await this.page.waitForURL((u) => u.searchParams.get("q") !== before);
    await this.answered();
  }

  /** total is the last number above the result: of all records, or of the rows. */
  async total(): Promise<number> {
    return (await shownFigures(this.page.locator(".counts strong"))).at(-1) ?? NaN;
  }

  /** histogramTotal is the number of records that the histogram says it draws. */
  async histogramTotal(): Promise<number> {
    const label = await this.page.locator(".histogram .chart").getAttribute("aria-label");
    return Number(/([\d,]+) record/.exec(label ?? "")?.[1]?.replaceAll(",", ""));
  }

  async show(id: VizId) {
    await this.page.getByRole("button", { name: /^Visualisation/ }).click();
    await this.page.getByRole("menuitemradio", { name: VIZ.find((v) => v.id === id)!.name, exact: true }).click();
    await this.page.waitForURL((u) => u.searchParams.get("viz") === id);
    await this.answered();
    expect(await this.problems()).toEqual([]);
  }

  problems = () => this.page.locator(".results [role=alert]").allInnerTexts();

  /** edit replaces the text of the query. */
  async edit(query: string) {
    const editor = this.page.getByRole("textbox", { name: "Query", exact: true });
    await editor.click();
    await this.page.keyboard.press("Control+a");
    await this.page.keyboard.press("Delete");
    await this.page.keyboard.insertText(query);
  }

  async run(query: string) {
    await this.edit(query);
    await this.changed(() => this.page.keyboard.press("Control+Enter"));
  }

  async action(name: string) {
    await this.page.getByRole("button", { name: "Actions", exact: true }).click();
    await this.page.getByRole("menuitem", { name }).click();
  }

  field = (name: string) => this.page.locator(".field-name", { hasText: name }).first();

  /** values opens a field of the panel and reads its commonest values. */
  async values(name: string): Promise<{ value: string; records: number }[]> {
    const field = this.field(name);
    if ((await field.getAttribute("aria-expanded")) === "false") await field.click();
    await this.page.locator(".value-name").first().waitFor();
    await settled(this.page);
    const list: { value: string; records: number }[] = [];
    for (const v of await this.page.locator(".value-name").all()) list.push({ value: await v.locator(".ellipsis").innerText(), records: (await shownFigures(v.locator(".num")))[0]! });
    return list;
  }

  /** chartTable is the table that a chart has for those who do not see it. */
  async chartTable(): Promise<string[][]> {
    return this.page.locator(".viz table.sr-only tbody tr").evaluateAll((rows) => rows.map((r) => [...r.querySelectorAll("td")].map((c) => c.textContent ?? "")));
  }

  /** grid reads the rows of a table that are in sight. */
  async grid(label: string): Promise<{ rows: number; cells: string[][] }> {
    const grid = this.page.getByRole("grid", { name: label, exact: true });
    await grid.waitFor();
    return {
      rows: Number(await grid.getAttribute("aria-rowcount")) - 1,
      cells: await grid.locator(".grid-row").evaluateAll((rows) => rows.map((r) => [...r.querySelectorAll(".grid-cell")].map((c) => (c as HTMLElement).innerText))),
    };
  }

  /** unfold opens the nth record. */
  async unfold(n = 0) {
    const record = this.page.locator(".record").nth(n);
    await record.locator(".record-head").click();
    await record.locator(".detail").waitFor();
  }
}
