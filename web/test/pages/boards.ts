import type { Locator, Page } from "playwright-core";
import { settled } from "../look";
import type { Tile } from "../../src/dashboards/model";
import { call } from "../store";

/** StoredBoard is a dashboard as the server has it. */
export type StoredBoard = { id: string; displayName: string; tiles: Tile[] };

export const storedBoards = () => call<{ items: Omit<StoredBoard, "tiles">[] }>("/ledgerline/v1/dashboards?limit=1000").then((r) => r.items);
export const storedBoard = (id: string) => call<StoredBoard>("/20200901/managementDashboards/" + encodeURIComponent(id));

/** Boards is the list of dashboards, and one of them. */
export class Boards {
  constructor(readonly page: Page) {}

  async list() {
    await this.page.goto("/ui/dashboards");
    await this.page.locator(".board-card").first().waitFor();
  }

  /** import gives files to the page, and returns what it says of each. */
  async import(files: string[]): Promise<{ text: string; ok: boolean }[]> {
    await this.page.locator("input[type=file]").setInputFiles(files);
    const notices = this.page.locator(".notice");
    await notices.nth(files.length - 1).waitFor();
    const said = [];
    for (const n of await notices.all()) said.push({ text: await n.innerText(), ok: /\bgood\b/.test((await n.getAttribute("class")) ?? "") });
    return said;
  }

  async open(id: string, params: Record<string, string> = {}) {
    await this.page.goto(`/ui/dashboards/${encodeURIComponent(id)}?${new URLSearchParams(params).toString()}`);
    await this.shown();
  }

  /** shown waits until every tile in sight has its answer. */
  async shown() {
    await this.page.locator(".board-grid, .board-body .empty").first().waitFor();
    await settled(this.page);
  }

  id = () => decodeURIComponent(new URL(this.page.url()).pathname.split("/").at(-1)!);
  tile = (name: string) => this.page.locator(`section.tile[aria-label="${name}"]`);

  async action(name: string) {
    await this.page.getByRole("button", { name: "Actions", exact: true }).click();
    await this.page.getByRole("menuitem", { name }).click();
  }

  /** tiles are what the dashboard shows, without groups: their title, and their question if they have one. */
  async tiles(): Promise<TileOnPage[]> {
    const out: TileOnPage[] = [];
    // A tile without tiles inside, or what a tab of a group shows.
    for (const t of await this.page.locator(".tile-body, .tile-problem").all()) out.push(new TileOnPage(t));
    return out;
  }
}

/** TileOnPage is a tile that shows the answer to a query, or why it has none. */
export class TileOnPage {
  constructor(readonly body: Locator) {}

  head = () => this.body.locator("xpath=preceding-sibling::header[1]");
  title = () => this.head().locator("h2").innerText();
  problem = async () => (/tile-problem/.test((await this.body.getAttribute("class")) ?? "") ? this.body.innerText() : undefined);
  viz = () => this.body.getAttribute("data-viz");

  /** question is what the tile asks, as its link to Log Explorer says. */
  async question(): Promise<{ query: string; from: string; to: string }> {
    const href = await this.head().locator("a").getAttribute("href");
    const p = new URL(href!, "http://x").searchParams;
    return { query: p.get("q")!, from: p.get("from")!, to: p.get("to")! };
  }
}
