import { describe } from "vitest";
import { settled, shoot } from "./look";
import { Workbench } from "./pages/workbench";
import { call } from "./store";
import { bytesOf, expect, test } from "./test";

const lines = ["2026-03-10T09:00:00Z lena@example.com activate ORDERS_TO_ERP", "2026-03-10T09:05:00Z hiro@example.com delete <b>OLD</b>"];

describe("parser workbench", () => {
  test("shows what a parser makes of a pasted text, saves it, and exports it as Oracle's ZIP", async ({ page }) => {
    const w = new Workbench(page);
    await w.open();
    await w.fill({ name: "Page Test Log Format", expression: "{TIMEDATE}\\s(\\S+)\\s(\\w+)\\s(.*)", fields: ["User Name", "Resource Operations", "OCI Resource Name"], example: lines.join("\n") });
    await expect.poll(() => w.records()).toBe(2);
    expect(await w.fields(0)).toMatchObject({ "User Name": "lena@example.com", "Resource Operations": "activate", "OCI Resource Name": "ORDERS_TO_ERP" });
    expect(await w.fields(1)).toMatchObject({ "User Name": "hiro@example.com", "OCI Resource Name": "<b>OLD</b>" });
    await settled(page);
    await shoot(page, "workbench");

    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.waitForURL(/parsers\/Page%20Test/);
    const stored = await call<{ parsers: { name: string; fieldMaps?: unknown[] }[] }>("/ledgerline/v1/content");
    expect(stored.parsers.find((p) => p.name === "Page Test Log Format")?.fieldMaps?.length).toBe(3);

    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export ZIP" }).click();
    const zip = await bytesOf(await download);
    expect(zip.subarray(0, 2).toString()).toBe("PK");
    const again = await call<{ parserNames: string[] }>("/ledgerline/v1/content/actions/import?isOverwrite=true", zip);
    expect(again.parserNames).toEqual(["Page Test Log Format"]);
    // The same ZIP, given to the page of parsers.
    await page.getByRole("link", { name: "Parsers", exact: true }).first().click();
    await page.getByLabel("replace what is there").check();
    await page.locator("input[type=file]").setInputFiles({ name: "parser.zip", mimeType: "application/zip", buffer: zip });
    await page.locator(".notice.good", { hasText: "1 parser," }).waitFor();

    await page.goto("/ui/admin/parsers/Page%20Test%20Log%20Format");
    const asked: string[] = [];
    page.on("dialog", (d) => (asked.push(d.message()), void d.accept()));
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.waitForURL(/\/admin\/parsers$/);
    expect(asked).toEqual(["Delete the parser Page Test Log Format?"]);
    expect((await call<typeof stored>("/ledgerline/v1/content")).parsers.map((p) => p.name)).not.toContain("Page Test Log Format");
  });

  test("opens a built-in parser as a copy, with its example", async ({ page }) => {
    await page.goto("/ui/admin/parsers");
    await page.getByText("OCI Integration Audit Log Format").click();
    const w = new Workbench(page);
    await expect.poll(() => w.records()).toBeGreaterThan(0);
    await expect.poll(() => page.getByLabel("Name", { exact: true }).inputValue()).toMatch(/ Copy$/);
    await expect.poll(() => page.locator(".entry .tag.good").count()).toBe(await w.records());
  });

  test("says what is wrong with an expression", async ({ page }) => {
    const w = new Workbench(page);
    await w.open();
    await w.fill({ name: "Broken", expression: "(unclosed", fields: [], example: lines[0]! });
    await page.locator(".result-card .notice.bad").first().waitFor();
  });
});
