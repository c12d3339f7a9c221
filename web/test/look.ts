import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

/** axeScript defines axe; a page that axe is asked of has it from its start. */
export const axeScript = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = new URL("../../docs/screenshots/", import.meta.url).pathname;

/** settled waits until a page has what it asked for, and has drawn it. */
export async function settled(page: Page) {
  await page.waitForFunction(() => document.querySelector("h1, main .empty strong:not(:empty)") && !document.querySelector("#root .spinner, .popover .spinner, .dialog .spinner, .progress.on, .chart[data-ready=false]"), undefined, { timeout: 60_000 });
  await page.evaluate(async () => {
    await document.fonts.ready;
    for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
  });
}

/**
 * visit goes to an address inside of the application, without loading it again, by way of a page that has nothing: what was
 * on the page before is gone, and what is there afterwards is of the address.
 */
export async function visit(page: Page, address: string) {
  const go = (to: string, replace: boolean) =>
    page.evaluate(
      ([at, how]) => {
        document.documentElement.dataset.theme = "light";
        history[how](null, "", at);
        dispatchEvent(new PopStateEvent("popstate"));
      },
      [to, replace ? "replaceState" : "pushState"] as const,
    );
  const nothing = page.getByText("There is no such page");
  if (await page.locator("nav").count()) await go("/ui/nowhere", false);
  else await page.goto("/ui/nowhere");
  await nothing.waitFor();
  await page.mouse.move(0, 0);
  if (address === "/ui/nowhere") return;
  await go(address, true);
  await nothing.waitFor({ state: "detached" });
  await page.locator("main :is(h1, .empty strong:not(:empty))").first().waitFor();
  await settled(page);
}

/** axe fails on what the rules of WCAG 2 A and AA find, in light; in dark, where only colours are others, on those without contrast. */
export async function axe(page: Page, where: string) {
  for (const [theme, rules] of [["light", ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]], ["dark", ["color-contrast"]]] as const) {
    await page.evaluate((t) => (document.documentElement.dataset.theme = t), theme);
    await settled(page);
    const found = await page.evaluate(async (runOnly) => {
      const { run } = (window as unknown as { axe: { run: (d: Document, o: object) => Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }> } }).axe;
      const { violations } = await run(document, { runOnly, resultTypes: ["violations"] });
      return violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + " " + (n.failureSummary ?? "").slice(0, 240)).join(" | ")}`);
    }, [...rules]);
    expect(found.join("\n"), `${where}, ${theme}`).toBe("");
  }
}

const sizes = { wide: [1440, 900], narrow: [400, 800] } as const;

/** shoot keeps pictures of a page, when pictures are asked for. */
export async function shoot(page: Page, name: string) {
  if (!process.env.LEDGERLINE_SCREENSHOTS) return;
  mkdirSync(pictures, { recursive: true });
  const before = page.viewportSize()!;
  for (const [size, [width, height]] of Object.entries(sizes)) {
    await page.setViewportSize({ width, height });
    await settled(page);
    await page.screenshot({ path: `${pictures}${name}-${size}.png`, animations: "disabled", caret: "hide" });
  }
  await page.setViewportSize(before);
}

/** figures are the numbers of a text, in their order: "500 of 1,500 records" has 500 and 1500. */
export function figures(text: string): number[] {
  return (text.match(/-?\d[\d,]*(?:\.\d+)?/g) ?? []).map((n) => Number(n.replaceAll(",", "")));
}

/** shownFigures are the numbers of a place of a page. */
export const shownFigures = async (l: Locator) => figures((await l.innerText()).replaceAll("\n", " "));

/** drawn tells whether a chart has anything but one colour. */
export async function drawn(chart: Locator): Promise<boolean> {
  return chart.locator("canvas").first().evaluate((c) => {
    const { width, height } = c as HTMLCanvasElement;
    const pixels = new Uint32Array((c as HTMLCanvasElement).getContext("2d")!.getImageData(0, 0, width, height).data.buffer);
    return pixels.some((p) => p !== pixels[0]);
  });
}
