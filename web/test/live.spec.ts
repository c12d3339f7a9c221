import { describe } from "vitest";
import { Explorer } from "./pages/explorer";
import { count, ledgerline } from "./store";
import { expect, test } from "./test";

const search = "'Log Source' = 'OCI Integration Audit Logs' and 'Resource ID' = LIVE_TAIL";
const arrive = (name: string) =>
  ledgerline(
    ["import", "--source", "OCI Integration Audit Logs", "-"],
    JSON.stringify([{ timeStamp: new Date().toISOString().replace("Z", "+0000"), userName: "lena@example.com", operationName: "update", resourceType: "ICS_ProjectV2", resourceCode: "LIVE_TAIL", resourceName: name, resourceVersion: "01.00.0000", auditTrailMessage: name }]),
  );

describe("live tail", () => {
  test("shows what arrives while one looks, and stops when told", async ({ page }) => {
    arrive("before");
    const x = new Explorer(page);
    await x.open(search, { last: "1h" });
    expect(await x.total()).toBe(1);
    await page.getByRole("button", { name: "Live" }).click();
    arrive("meanwhile");
    const fresh = page.locator(".record.fresh", { hasText: "meanwhile" });
    await fresh.waitFor();
    await expect.poll(() => page.locator(".record.fresh").count()).toBe(1);
    await expect.poll(() => x.total()).toBe(2);
    expect(await count(search, { from: new Date(Date.now() - 36e5).toISOString(), to: new Date().toISOString() })).toBe(2);
    await page.getByRole("button", { name: "Live" }).click();
    await page.locator(".record.fresh").waitFor({ state: "detached" });
  });

  test("needs a range that ends now", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(search);
    expect(await page.getByRole("button", { name: "Live" }).isDisabled()).toBe(true);
  });
});
