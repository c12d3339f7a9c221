import { describe } from "vitest";
import { settled } from "./look";
import { settledRange } from "./store";
import { expect, test } from "./test";

const range = new URLSearchParams(settledRange()).toString();
const audit = encodeURIComponent("'Log Source' = 'OCI Integration Audit Logs'");
const pages = [
  `/ui/explore?q=${audit}&${range}`, `/ui/explore?q=${audit}${encodeURIComponent(" | link 'User Name'")}&${range}`, `/ui/explore?q=${audit}${encodeURIComponent(" | stats count as Records by 'User Name'")}&viz=hbar&${range}`,
  "/ui/dashboards", "/ui/dashboards/ledgerline-audit-overview?" + range, "/ui/integrations", "/ui/integrations/runs", "/ui/integrations/connections",
  ...["storage", "log-groups", "uploads", "sources", "parsers/new", "lookups", "entities", "users"].map((p) => "/ui/admin/" + p),
];

describe("every page", () => {
  test.for([["of a telephone", 400, 800, 13], ["of 4K", 3840, 2160, 22]] as const)("is readable at the size %s", async ([, width, height, letters], { open }) => {
    const page = await open({ width, height });
    for (const address of pages) {
      await page.goto(address);
      await page.locator("h1").waitFor();
      await settled(page);
      const at = await page.evaluate(() => ({
        page: document.documentElement.scrollWidth, window: document.documentElement.clientWidth,
        main: document.querySelector("main")!.getBoundingClientRect().width,
        letters: parseFloat(getComputedStyle(document.body).fontSize),
        // What can be pressed and is in sight, but reaches over the edge of a page that does not scroll there.
        outside: [...document.querySelectorAll<HTMLElement>("main button, main a, main input, main select")]
          .filter((e) => e.checkVisibility() && !e.closest(".grid, .scroll-x, .record-fields, table, [role=tablist], .tabs, .sr-only"))
          .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
          .map((e) => e.getAttribute("aria-label") ?? e.innerText),
      }));
      expect(at.page, address).toBeLessThanOrEqual(at.window);
      expect(at.outside, address).toEqual([]);
      expect(at.letters, address).toBeGreaterThanOrEqual(letters);
      expect(at.main, address).toBeGreaterThan(width * 0.8);
    }
  });
});
