import { describe } from "vitest";
import { Explorer } from "./pages/explorer";
import { count, settledRange } from "./store";
import { expect, test } from "./test";

const audit = "'Log Source' = 'OCI Integration Audit Logs'";

describe("time range", () => {
  test("is zoomed by dragging over the histogram, and out again", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(audit);
    const whole = settledRange();
    const box = (await page.locator(".histogram").boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + box.height / 2, { steps: 6 });
    await page.locator(".zoom-box").waitFor();
    await page.mouse.up();
    await page.waitForURL((u) => u.searchParams.get("from") !== whole.from);
    await x.answered();

    const { from, to } = x.window();
    const share = (Date.parse(to) - Date.parse(from)) / (Date.parse(whole.to) - Date.parse(whole.from));
    expect(share).toBeGreaterThan(0.25);
    expect(share).toBeLessThan(0.4);
    expect(Date.parse(from)).toBeGreaterThan(Date.parse(whole.from));
    const stored = await count(audit, { from, to });
    expect(stored).toBeLessThan(await count(audit));
    expect(await x.total()).toBe(stored);
    expect(await x.histogramTotal()).toBe(stored);

    await page.getByRole("button", { name: "Zoom out" }).click();
    await page.waitForURL((u) => u.searchParams.get("from") !== from);
    await x.answered();
    expect(Date.parse(x.window().to) - Date.parse(x.window().from)).toBe(2 * (Date.parse(to) - Date.parse(from)));
    expect(await x.histogramTotal()).toBe(await count(audit, x.window()));
  });

  test("is chosen quickly, by its ends, and in another zone", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(audit, { last: "24h" });
    const picker = page.locator(".time-button");
    await picker.click();
    await page.getByRole("radio", { name: "Last 3 days" }).click();
    await page.waitForURL(/last=3d/);
    await picker.click();
    await page.getByLabel("Time zone").selectOption("Asia/Tokyo");
    await page.waitForURL(/tz=Asia/);
    if (await page.getByLabel("From").isHidden()) await picker.click();
    const day = new Date(Date.now() - 3 * 864e5).toISOString().slice(0, 10);
    await page.getByLabel("From").fill(`${day} 09:00`);
    await page.getByLabel("To", { exact: true }).fill(`${day} 21:00:00`);
    await page.getByRole("button", { name: "Use this range" }).click();
    await page.waitForURL(/from=/);
    await x.answered();
    // Tokyo is nine hours ahead of UTC all year.
    expect(x.window()).toEqual({ from: `${day}T00:00:00.000Z`, to: `${day}T12:00:00.000Z` });
    expect(await x.total()).toBe(await count(audit, x.window()));
  });
});
