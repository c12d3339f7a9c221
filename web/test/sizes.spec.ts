import { describe } from "vitest";
import { settled, visit } from "./look";
import { everyPage } from "./pages/list";
import { expect, test } from "./test";

describe("every page", () => {
  test.for([["of a telephone", 400, 800, 13], ["of 4K", 3840, 2160, 22]] as const)("is readable at the size %s", async ([, width, height, letters], { open }) => {
    const page = await open({ width, height });
    for (const address of everyPage()) {
      await visit(page, address);
      const unfold = page.locator("table.data button[aria-expanded=false]").first();
      if (await unfold.count()) {
        await unfold.click();
        await settled(page);
      }
      const at = await page.evaluate(() => ({
        page: document.documentElement.scrollWidth, window: document.documentElement.clientWidth,
        main: document.querySelector("main")!.getBoundingClientRect().width,
        letters: parseFloat(getComputedStyle(document.body).fontSize),
        tables: [...document.querySelectorAll("table.data")].filter((t) => t.scrollWidth > t.parentElement!.clientWidth + 1).map((t) => t.querySelector("thead")!.innerHTML),
        // What can be pressed and is in sight, but reaches over the edge of a page that does not scroll there.
        outside: [...document.querySelectorAll<HTMLElement>("main button, main a, main input, main select")]
          .filter((e) => e.checkVisibility() && !e.closest(".grid, .scroll-x, .record-fields, table, [role=tablist], .tabs, .sr-only"))
          .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
          .map((e) => e.getAttribute("aria-label") ?? e.innerText),
      }));
      expect(at.tables, address).toEqual([]);
      expect(at.page, address).toBeLessThanOrEqual(at.window);
      expect(at.outside, address).toEqual([]);
      expect(at.letters, address).toBeGreaterThanOrEqual(letters);
      expect(at.main, address).toBeGreaterThan(width * 0.8);
    }
  });

  test("shows a dialog within a telephone's edges, however long its lines are", async ({ open }) => {
    const page = await open({ width: 400, height: 800 });
    await visit(page, everyPage()[0]!);
    await page.getByRole("button", { name: "Explain how it is answered" }).click();
    await page.getByRole("heading", { name: "Plan" }).waitFor();
    await settled(page);
    const box = (await page.getByRole("dialog").boundingBox())!;
    expect(box.x).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width).toBeLessThanOrEqual(400);
  });
});
