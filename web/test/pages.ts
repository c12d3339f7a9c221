import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium, type Browser, type Page } from "playwright-core";
import { expect, inject } from "vitest";
import { bin, flags } from "./demo";

const docs = new URL("../../docs/screenshots/", import.meta.url).pathname;
const axeFile = createRequire(import.meta.url).resolve("axe-core");

/** A range that ended before now: what is in it no longer changes. */
export const range = { from: new Date(Date.now() - 8 * 864e5).toISOString(), to: new Date(Date.now() - 36e5).toISOString() };

/** inStore asks the store by the command line, past the web application. */
export function inStore(query: string): string[][] {
  const text = execFileSync(bin, ["--config", inject("config"), "query", "-o", "csv", "--from", range.from, "--to", range.to, "--limit", "-1", query], { encoding: "utf8" });
  return text.trim().split("\n").slice(1).map((l) => l.split(","));
}

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: flags });
}

/** openPage is a page that is logged in, and fails the test when a script fails or the policy refuses something. */
export async function openPage(browser: Browser, options: { loggedIn?: boolean; width?: number; height?: number; theme?: "light" | "dark" } = {}): Promise<{ page: Page; problems: string[] }> {
  const context = await browser.newContext({ baseURL: inject("base"), viewport: { width: options.width ?? 1440, height: options.height ?? 900 }, colorScheme: options.theme ?? "light" });
  if (options.loggedIn !== false) await context.addCookies(JSON.parse(inject("cookies")) as Parameters<typeof context.addCookies>[0]);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (e) => problems.push(e.message));
  page.on("console", (m) => m.type() === "error" && /Content Security Policy|Refused to/.test(m.text()) && problems.push(m.text()));
  page.on("request", (r) => !r.url().startsWith(inject("base")) && !/^(data|blob):/.test(r.url()) && problems.push("a request to " + r.url()));
  return { page, problems };
}

/** Explorer is the page object of Log Explorer. */
export class Explorer {
  constructor(readonly page: Page) {}

  async open(query: string, viz = "") {
    const p = new URLSearchParams({ q: query, ...range, ...(viz ? { viz } : {}) });
    await this.page.goto("/ui/explore?" + p.toString());
  }

  async counts(): Promise<{ rows: number; total: number }> {
    const c = this.page.locator(".counts");
    await c.waitFor({ timeout: 45_000 });
    return { rows: Number(await c.getAttribute("data-rows")), total: Number(await c.getAttribute("data-total")) };
  }

  async histogramTotal(): Promise<number> {
    const h = this.page.locator(".histogram");
    await h.waitFor({ timeout: 45_000 });
    return Number(await h.getAttribute("data-total"));
  }

  query(): string {
    return new URL(this.page.url()).searchParams.get("q") ?? "";
  }
}

/** axe fails on what the rules of WCAG 2 A and AA find. */
export async function axe(page: Page) {
  await page.evaluate(await (await import("node:fs/promises")).readFile(axeFile, "utf8"));
  const found = await page.evaluate(async () => {
    const run = (window as unknown as { axe: { run: (d: Document, o: object) => Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }> } }).axe.run;
    return (await run(document, { runOnly: ["wcag2a", "wcag2aa"] })).violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + " " + (n.failureSummary ?? "").slice(0, 160)).join(" | ")}`);
  });
  expect(found).toEqual([]);
}

/** shoot keeps a picture of a page, when pictures are asked for. */
export async function shoot(page: Page, name: string) {
  if (!process.env.LEDGERLINE_SCREENSHOTS) return;
  mkdirSync(docs, { recursive: true });
  for (const [size, width, height] of [["wide", 1440, 900], ["narrow", 400, 800]] as const) {
    await page.setViewportSize({ width, height });
    await page.waitForTimeout(900);
    await page.screenshot({ path: `${docs}${name}-${size}.png` });
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}
