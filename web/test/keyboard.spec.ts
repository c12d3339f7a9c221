import { describe } from "vitest";
import type { Page } from "playwright-core";
import { settled, visit } from "./look";
import { Explorer } from "./pages/explorer";
import { everyPage } from "./pages/list";
import { ask, count, settledRange } from "./store";
import { expect, test } from "./test";

const audit = "'Log Source' = 'OCI Integration Audit Logs'";
const focused = (page: Page) => page.evaluate(() => {
  const e = document.activeElement as HTMLElement | null;
  return e?.getAttribute("aria-label") || e?.innerText.trim() || e?.tagName || "";
});

/** tabTo presses Tab until what has the focus is called so. */
async function tabTo(page: Page, name: RegExp, key = "Tab") {
  const passed: string[] = [];
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press(key);
    const now = await focused(page);
    if (name.test(now)) return;
    passed.push(now.slice(0, 30));
  }
  throw new Error(`Tab does not come to ${String(name)}, but to ${passed.join(" · ")}`);
}

type Step = { what: string; seen: boolean; inside: boolean };

/** walk presses Tab until it comes around, or that often, and tells of each place with the focus whether it can be seen. */
async function walk(page: Page, most: number): Promise<Step[]> {
  // Each place is looked at when Tab is pressed again: by then the page has scrolled to it.
  await page.evaluate(() => {
    const skip = document.querySelector<HTMLElement>("a.skip")!;
    skip.focus(), skip.blur(); // what Tab goes on from
    const places = new Map<Element, Step>();
    const look = (e: KeyboardEvent) => {
      const at = document.activeElement!;
      if (e.key !== "Tab" || at === document.body || places.has(at)) return;
      const style = getComputedStyle(at.closest(".editor") ?? at);
      const box = at.getBoundingClientRect();
      places.set(at, { what: at.outerHTML.slice(0, 120), seen: style.outlineStyle !== "none" || style.boxShadow !== "none", inside: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth });
    };
    addEventListener("keydown", look, true);
    Object.assign(window, { walked: () => (removeEventListener("keydown", look, true), [...places.values()]) });
  });
  for (let i = 0; i <= most; i++) await page.keyboard.press("Tab");
  return page.evaluate(() => (window as unknown as { walked: () => Step[] }).walked());
}

describe("the keyboard alone", () => {
  test("goes through the sections, past the navigation to the page", async ({ page }) => {
    await page.goto("/ui/explore?q=*");
    await new Explorer(page).answered();
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("Skip to the page");
    for (const [name, path] of [["Dashboards", "dashboards"], ["Integrations", "integrations"], ["Administration", "admin"]] as const) {
      await tabTo(page, new RegExp(`^${name}$`));
      await page.keyboard.press("Enter");
      await page.waitForURL(new RegExp("/ui/" + path));
      await settled(page);
    }
  });

  test("walks through every page, is never held, and always sees where it is", async ({ visited: page }) => {
    for (const address of everyPage()) {
      await visit(page, address);
      const steps = await walk(page, 40);
      for (const step of steps) expect(step, address).toMatchObject({ seen: true, inside: true });
      expect(steps.length, address).toBeGreaterThan(6); // the sections, and something of the page
    }
  });

  test("opens a menu, goes through it by arrows, and comes back by Escape", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(audit);
    await tabTo(page, /^Actions$/);
    await page.keyboard.press("Enter");
    await page.getByRole("menu", { name: "More" }).waitFor();
    await expect.poll(() => focused(page)).toBe("Save this search…");
    for (const [key, item] of [["ArrowDown", "Saved searches and history…"], ["End", "Copy a link to this page"], ["ArrowDown", "Save this search…"], ["ArrowUp", "Copy a link to this page"], ["Home", "Save this search…"]] as const) {
      await page.keyboard.press(key);
      expect(await focused(page)).toBe(item);
    }
    await page.keyboard.press("Escape");
    await page.getByRole("menu", { name: "More" }).waitFor({ state: "hidden" });
    expect(await focused(page)).toBe("Actions");
    await page.keyboard.press("Enter");
    await expect.poll(() => focused(page)).toBe("Save this search…");
    await page.keyboard.press("Tab");
    await page.getByRole("menu", { name: "More" }).waitFor({ state: "hidden" });
    expect(await focused(page)).not.toBe("Actions");
  });

  test("writes and runs a query, unfolds a record, and filters by a value", async ({ page }) => {
    const x = new Explorer(page);
    await x.open("*");
    await tabTo(page, /^Query$/);
    await page.keyboard.press("Control+a");
    await page.keyboard.type(audit.slice(0, -1)); // the quote is closed by the editor
    await x.changed(() => page.keyboard.press("Control+Enter"));
    expect(await x.total()).toBe(await count(audit));
    await page.keyboard.press("Escape"); // Tab would take a completion that is offered

    await tabTo(page, /^\d{4}-\d\d-\d\d /);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.locator(".detail").waitFor();
    await tabTo(page, /^Only this Resource Operations$/);
    await x.changed(() => page.keyboard.press("Enter"));
    expect(await x.total()).toBe(await count(x.query()));
    expect(await x.total()).toBeLessThan(await count(audit));
  });

  test("chooses a visualisation and a time range", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(audit);
    await tabTo(page, /^Visualisation/);
    await page.keyboard.press("Enter");
    await page.getByRole("menu", { name: "Visualisation" }).waitFor();
    for (let i = 0; i < 40 && (await focused(page)) !== "Tile"; i++) await page.keyboard.press("ArrowDown");
    await x.changed(() => page.keyboard.press("Enter"));
    expect(x.param("viz")).toBe("tile");
    expect(await focused(page)).toBe("Visualisation: Tile");

    await tabTo(page, /UTC$/, "Shift+Tab");
    await page.keyboard.press("Enter");
    await tabTo(page, /^Last 24 hours$/);
    await page.keyboard.press("Enter");
    await page.waitForURL(/last=24h/);
  });

  test("keeps the focus in a dialog, and gives it back", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(audit);
    await tabTo(page, /^Saved searches and history$/);
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Saved searches and history" });
    await dialog.waitFor();
    await settled(page);
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement?.closest("[role=dialog]") !== null)).toBe(true);
    }
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    expect(await focused(page)).toBe("Saved searches and history");
  });

  test("sorts a table and widens its column", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(`${audit} | stats count as Records by 'User Name'`);
    const stored = (await ask(x.query())).rows.map((r) => r[1] as number);
    await tabTo(page, /^Records$/);
    await page.keyboard.press("Enter");
    await page.locator("[aria-sort=descending]").waitFor();
    expect((await x.grid("Result")).cells.slice(0, 5).map((c) => Number(c[1]!.replaceAll(",", "")))).toEqual(stored.toSorted((a, b) => b - a).slice(0, 5));
    await tabTo(page, /^Width of User Name$/, "Shift+Tab");
    const width = async () => (await page.getByRole("columnheader", { name: "User Name" }).boundingBox())!.width;
    const before = await width();
    await page.keyboard.press("ArrowRight");
    await expect.poll(width).toBe(before + 16);
  });

  test("opens a tile of a dashboard in Log Explorer", async ({ page }) => {
    await page.goto("/ui/dashboards/ledgerline-audit-overview?" + new URLSearchParams(settledRange()).toString());
    await page.locator(".tile").first().waitFor();
    await settled(page);
    await tabTo(page, /^Open Changes in Log Explorer$/);
    await page.keyboard.press("Enter");
    await page.waitForURL(/explore/);
  });
});
