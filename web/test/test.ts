import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type Download, type Page } from "playwright-core";
import { expect, inject, test as plain } from "vitest";
import { axeScript } from "./look";

export { expect };

type Options = { loggedIn?: boolean; width?: number; height?: number; theme?: "light" | "dark"; scripts?: string[] };

/**
 * test gives a test pages: `page` is logged in, `open` makes others; `visited` is one that all tests of a file share, and
 * `visit` goes about in. It fails when a script of a page fails, the content security policy refuses something, or a page
 * asks anybody but the server; of a failed test it keeps a picture.
 */
export const test = plain
  .extend<{ browser: Browser }>({
    browser: [
      async ({}, use) => {
        const browser = await chromium.connect(inject("browser"));
        await use(browser);
        await browser.close();
      },
      { scope: "file" },
    ],
  })
  .extend<{ kept: Pages }>({
    kept: [
      async ({ browser }, use) => {
        const pages = new Pages(browser);
        await use(pages);
        await pages.close();
      },
      { scope: "file" },
    ],
  })
  .extend<{ open: Pages["open"]; page: Page; visited: Page }>({
    open: async ({ browser, task }, use) => {
      const pages = new Pages(browser);
      await use((options) => pages.open(options));
      if (task.result?.state === "fail") await pages.picture(task.name);
      await pages.close();
      expect(pages.problems.join("\n")).toBe("");
    },
    page: async ({ open }, use) => use(await open()),
    visited: async ({ kept, task }, use) => {
      await use(kept.all[0] ?? (await kept.open({ scripts: [axeScript] })));
      if (task.result?.state === "fail") await kept.picture(task.name);
      expect(kept.problems.splice(0).join("\n")).toBe("");
    },
  });

/** Pages are opened alike, and what goes wrong in their scripts is collected. */
class Pages {
  readonly all: Page[] = [];
  readonly problems: string[] = [];

  constructor(private readonly browser: Browser) {}

  async open({ loggedIn = true, width = 1440, height = 900, theme = "light", scripts = [] }: Options = {}): Promise<Page> {
    const context = await this.browser.newContext({ baseURL: inject("base"), viewport: { width, height }, colorScheme: theme, reducedMotion: "reduce", timezoneId: "UTC", locale: "en-GB", acceptDownloads: true, permissions: ["clipboard-read", "clipboard-write"] });
    context.setDefaultTimeout(60_000); // for a machine that has much else to do
    for (const content of scripts) await context.addInitScript({ content });
    if (loggedIn) await context.addCookies(JSON.parse(inject("session")) as Parameters<typeof context.addCookies>[0]);
    const page = await context.newPage();
    page.on("pageerror", (e) => this.problems.push(e.message));
    page.on("console", (m) => m.type() === "error" && /Content Security Policy|Refused to/.test(m.text()) && this.problems.push(m.text()));
    page.on("request", (r) => !r.url().startsWith(inject("base")) && !/^(data|blob):/.test(r.url()) && this.problems.push("a request to " + r.url()));
    this.all.push(page);
    return page;
  }

  async picture(name: string) {
    const folder = join(tmpdir(), "ledgerline-ui-failed");
    mkdirSync(folder, { recursive: true });
    for (const [i, page] of this.all.entries()) {
      const path = join(folder, `${name.replace(/\W+/g, "-").slice(0, 80)}-${i}.png`);
      await page.screenshot({ path }).then(
        () => console.error("picture of the failure: " + path),
        () => {},
      );
    }
  }

  async close() {
    for (const page of this.all) await page.context().close();
  }
}

/** bytesOf reads a file that was downloaded. */
export async function bytesOf(download: Download): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of await download.createReadStream()) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
