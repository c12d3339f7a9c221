import { describe } from "vitest";
import { Explorer } from "./pages/explorer";
import { ask, ledgerline } from "./store";
import { expect, test } from "./test";

// Ten days back, before the range in which the other specs count.
const when = new Date(Date.now() - 9.5 * 864e5).toISOString();
const around = { from: new Date(Date.parse(when) - 36e5).toISOString(), to: new Date(Date.parse(when) + 36e5).toISOString() };
const name = `<img src=x onerror="owned=1"><script>owned=1</script>`;
const message = `${name} javascript:owned=1 <a href="javascript:owned=1">click</a> \u202Etxt.exe\u202C \u0007\u001b[31m\u200b end`;
const long = "long ".repeat(200_000);
const record = (user: string, text: string) => ({ timeStamp: when.replace("Z", "+0000"), userName: user, operationName: "update", resourceType: "ICS_ProjectV2", resourceCode: "HOSTILE", resourceName: name, resourceVersion: "01.00.0000", auditTrailMessage: text });
const search = "'Log Source' = 'OCI Integration Audit Logs' and 'Resource ID' = HOSTILE";

describe("hostile records", () => {
  test("are shown and never obeyed, in every view", async ({ page }) => {
    ledgerline(["import", "--source", "OCI Integration Audit Logs", "-"], JSON.stringify([record(name, message), record("javascript:owned=1", long)]));
    const stored = await ask(`${search} | sort 'User Name'`, around);
    expect(stored.rows.length).toBe(2);

    await page.addInitScript(() => Object.assign(window, { owned: 0 }));
    const dialogs: string[] = [];
    page.on("dialog", (d) => (dialogs.push(d.message()), void d.dismiss()));
    const x = new Explorer(page);
    const harmless = async () => {
      expect(await page.evaluate(() => (window as unknown as { owned: number }).owned)).toBe(0);
      expect(await page.locator("#root img, #root script, #root a[href^=javascript]").count()).toBe(0);
      expect(dialogs).toEqual([]);
    };

    await x.open(`${search} | sort 'User Name'`, around);
    expect(await x.total()).toBe(2);
    for (const i of [0, 1]) await x.unfold(i);
    const details = page.locator(".detail");
    for (const detail of await details.all()) {
      await harmless();
      for (const tab of ["JSON", "Original text"]) {
        await detail.getByRole("tab", { name: tab }).click();
        await harmless();
      }
    }
    const [marked, endless] = [details.filter({ hasText: "txt.exe" }).locator("pre"), details.filter({ hasNotText: "txt.exe" }).locator("pre")];
    const text = await marked.innerText();
    expect(text).toContain("<script>owned=1</script>");
    expect(text).toContain("<a href=");
    // JSON spells control characters by itself; what only turns text around is named by the page.
    for (const unseen of ["U+202E", "U+202C", "U+200B"]) expect(text).toContain(unseen);
    expect(text).not.toMatch(/[\u202e\u200b]/);

    // A megabyte waits for a click, and then is all there.
    expect((await endless.innerText()).length).toBeLessThan(21_000);
    await endless.getByRole("button", { name: /show all 1,000,\d{3} characters/ }).click();
    await expect.poll(async () => (await endless.innerText()).length).toBeGreaterThan(1_000_000);

    for (const [clause, viz] of [["", "table"], ["| cluster", "cluster"], ["| link 'User Name', 'OCI Resource Name'", "link"]] as const) {
      await x.open(`${search} ${clause}`, { ...around, viz });
      expect(await x.problems()).toEqual([]);
      await harmless();
    }
    for (const viz of ["hbar", "pie", "sunburst", "treemap", "words", "table", "summary"] as const) {
      await x.open(`${search} | stats count as Records by 'User Name', 'OCI Resource Name'`, { ...around, viz });
      expect(await x.total()).toBe(2);
      await harmless();
    }
  });

  test("are filtered by a click as they are spelt", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(search, around);
    await x.values("User Name");
    await x.changed(() => page.locator(".value-name", { hasText: "<script>" }).click());
    expect(await x.total()).toBe(1);
    expect(x.query()).toContain(name);
  });

  test("cannot take the place of the address's words", async ({ page }) => {
    await page.addInitScript(() => Object.assign(window, { owned: 0 }));
    await page.goto(`/ui/explore?q=${encodeURIComponent(name)}&viz=<script>&last=javascript:1&tz=<b>&col=${encodeURIComponent(name)}`);
    await page.locator("h1").waitFor();
    await page.goto(`/ui/dashboards/${encodeURIComponent(name)}`);
    await page.getByRole("alert").waitFor();
    expect(await page.evaluate(() => (window as unknown as { owned: number }).owned)).toBe(0);
    expect(await page.locator("#root img, #root script").count()).toBe(0);
  });
});
