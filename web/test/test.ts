import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type Download, type Page } from "playwright-core";
import { expect, inject, test as plain } from "vitest";

export { expect };

type Options = { loggedIn?: boolean; width?: number; height?: number; theme?: "light" | "dark" };

/**
 * test gives a test pages: `page` is logged in, `open` makes others. It fails when a script of a page fails, the
 * content security policy refuses something, or a page asks anybody but the server; of a failed test it keeps a picture.
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
  .extend<{ open: (options?: Options) => Promise<Page>; page: Page }>({
    open: async ({ browser, task }, use) => {
      const pages: Page[] = [];
      const problems: string[] = [];
      await use(async ({ loggedIn = true, width = 1440, height = 900, theme = "light" } = {}) => {
        const context = await browser.newContext({ baseURL: inject("base"), viewport: { width, height }, colorScheme: theme, reducedMotion: "reduce", timezoneId: "UTC", locale: "en-GB", acceptDownloads: true, permissions: ["clipboard-read", "clipboard-write"] });
        context.setDefaultTimeout(60_000); // for a machine that has much else to do
        if (loggedIn) await context.addCookies(JSON.parse(inject("session")) as Parameters<typeof context.addCookies>[0]);
        const page = await context.newPage();
        page.on("pageerror", (e) => problems.push(e.message));
        page.on("console", (m) => m.type() === "error" && /Content Security Policy|Refused to/.test(m.text()) && problems.push(m.text()));
        page.on("request", (r) => !r.url().startsWith(inject("base")) && !/^(data|blob):/.test(r.url()) && problems.push("a request to " + r.url()));
        pages.push(page);
        return page;
      });
      if (task.result?.state === "fail") await keep(pages, task.name);
      for (const page of pages) await page.context().close();
      expect(problems.join("\n")).toBe("");
    },
    page: async ({ open }, use) => use(await open()),
  });

/** bytesOf reads a file that was downloaded. */
export async function bytesOf(download: Download): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of await download.createReadStream()) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

async function keep(pages: Page[], name: string) {
  const folder = join(tmpdir(), "ledgerline-ui-failed");
  mkdirSync(folder, { recursive: true });
  for (const [i, page] of pages.entries()) {
    const path = join(folder, `${name.replace(/\W+/g, "-").slice(0, 80)}-${i}.png`);
    await page.screenshot({ path }).then(
      () => console.error("picture of the failure: " + path),
      () => {},
    );
  }
}
