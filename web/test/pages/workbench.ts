import type { Page } from "playwright-core";
import { figures } from "../look";

/** Workbench is the page on which a parser is made. */
export class Workbench {
  constructor(readonly page: Page) {}

  async open(name = "new") {
    await this.page.goto("/ui/admin/parsers/" + encodeURIComponent(name));
    await this.page.getByRole("heading", { name: "What it makes of the example" }).waitFor();
  }

  async fill(parser: { name: string; expression: string; fields: string[]; example: string }) {
    await this.page.getByLabel("Name", { exact: true }).fill(parser.name);
    await this.page.getByLabel(/^Expression/).fill(parser.expression);
    for (const [i, field] of parser.fields.entries()) {
      await this.page.getByRole("button", { name: "Add a field" }).click();
      await this.page.getByLabel(`Field ${i + 1}`, { exact: true }).selectOption({ label: field });
    }
    await this.page.getByLabel("Example").fill(parser.example);
  }

  /** records are how many records the workbench says the example has. */
  records = async () => figures(await this.page.locator("[data-entries]").innerText())[0];

  /** fields are what the nth record has in each field. */
  async fields(n: number): Promise<Record<string, string>> {
    const rows = await this.page.locator(".entry").nth(n).locator(".entry-fields > div").all();
    return Object.fromEntries(await Promise.all(rows.map(async (r) => [await r.locator("dt").innerText(), await r.locator("dd").innerText()] as const)));
  }
}
