import { describe } from "vitest";
import type { Page } from "playwright-core";
import { figures } from "./look";
import { Explorer } from "./pages/explorer";
import { ask, count, ledgerline } from "./store";
import { bytesOf, expect, test } from "./test";

const all = "'Log Source' = 'OCI Integration Activity Stream Logs'";

/** exported exports the result of the page, and returns the file and what the dialog says of it. */
async function exported(page: Page, format: "CSV" | "JSON" | "Parquet"): Promise<{ name: string; text: string; bytes: Buffer; said: string }> {
  await new Explorer(page).action("Export the whole result…");
  await page.getByRole("radio", { name: format }).check();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export", exact: true }).click();
  const file = await download;
  await page.getByText("the file is in your downloads").waitFor();
  const said = await page.getByRole("dialog").getByRole("status").innerText();
  await page.keyboard.press("Escape");
  const bytes = await bytesOf(file);
  return { name: file.suggestedFilename(), text: bytes.toString(), bytes, said };
}

/** csvRows counts the rows of a CSV file: line ends inside of quotes end none. */
const csvRows = (text: string) => text.replace(/"(?:[^"]|"")*"/g, "").trimEnd().split("\n").length - 1;

describe("export", () => {
  test("has every record of the store, not only those shown", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(all);
    const stored = await count(all);
    expect(stored).toBeGreaterThan(500); // more than the page shows
    const csv = await exported(page, "CSV");
    expect(csv.name).toMatch(/\.csv$/);
    expect(csvRows(csv.text)).toBe(stored);
    expect(figures(csv.said)[0]).toBe(stored);
    const json = await exported(page, "JSON");
    expect(json.name).toMatch(/\.json$/);
    expect((JSON.parse(json.text) as unknown[]).length).toBe(stored);
  });

  test("has the numbers of a table", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(`${all} | stats count as Records by OICStatus | sort -Records`);
    const { rows } = await ask(x.query());
    const csv = await exported(page, "CSV");
    expect(csv.text.trim().split(/\r?\n/)).toEqual(["OICStatus,Records", ...rows.map((r) => r.map((v) => v ?? "").join(","))]);
    expect(JSON.parse((await exported(page, "JSON")).text)).toEqual(rows.map(([OICStatus, Records]) => expect.objectContaining({ Records, ...(OICStatus === null ? {} : { OICStatus }) }) as unknown));
  });

  test("as Parquet is what the command line writes", async ({ page }) => {
    const x = new Explorer(page);
    const query = `${all} | stats count as Records by OICStatus | sort -Records`;
    await x.open(query);
    const { name, bytes, said } = await exported(page, "Parquet");
    expect(name).toMatch(/\.parquet$/);
    expect([bytes.subarray(0, 4).toString(), bytes.subarray(-4).toString()]).toEqual(["PAR1", "PAR1"]);
    expect(said).not.toContain("row");
    const { from, to } = x.window();
    expect(bytes.toString()).toBe(ledgerline(["export", "-o", "parquet", "--from", from, "--to", to, query]));
  });

  test("gives a spreadsheet no formulas, unless asked to", async ({ page }) => {
    const x = new Explorer(page);
    await x.open("'Log Source' = 'OCI Integration Audit Logs' | eval Cell = '=1+1' | stats count as Records by Cell");
    expect((await exported(page, "CSV")).text).toMatch(/^Cell,Records\n'=1\+1,\d+\n$/);
    expect((await exported(page, "JSON")).text).toContain('"=1+1"');
    await x.action("Export the whole result…");
    await page.getByRole("checkbox", { name: /spreadsheet/ }).uncheck();
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export", exact: true }).click();
    expect((await bytesOf(await download)).toString()).toMatch(/^Cell,Records\n=1\+1,\d+\n$/);
  });

  test("shows its progress, and can be stopped", async ({ page }) => {
    const x = new Explorer(page);
    await x.open(all);
    await page.route("**/ledgerline/v1/export", () => {}); // an answer that does not come
    await x.action("Export the whole result…");
    await page.getByRole("button", { name: "Export", exact: true }).click();
    await page.getByRole("status", { name: "" }).filter({ hasText: `0 of ${(await count(all)).toLocaleString("en")} rows (0 %)` }).waitFor();
    const given = page.waitForEvent("requestfailed", (r) => r.url().endsWith("/export"));
    await page.getByRole("button", { name: "Stop" }).click();
    await given;
    await page.getByRole("button", { name: "Export", exact: true }).waitFor();
    expect(await page.getByRole("dialog").getByRole("alert").count()).toBe(0);
  });
});
