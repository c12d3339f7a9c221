import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { describe } from "vitest";
import { figures, settled, shoot } from "./look";
import { Explorer } from "./pages/explorer";
import { call, count, ledgerline } from "./store";
import { bytesOf, expect, test } from "./test";

type Step = { name: string; counts: Record<string, number> };
type Run = { id: number; integration: string; state: string; trigger: string; steps: Step[] };
const storedRuns = (integration: string) => call<{ items: Run[] }>(`/ledgerline/v1/runs?limit=200&integration=${integration}`).then((r) => r.items);

describe("integrations", () => {
  test("are listed with their state, and run now", async ({ page }) => {
    await page.goto("/ui/integrations");
    const card = page.getByRole("region", { name: "oic-audit", exact: true });
    await card.getByText("succeeded").first().waitFor();
    await settled(page);
    await shoot(page, "integrations");
    const before = new Set((await storedRuns("oic-audit")).map((r) => r.id));
    // Its schedule is short: while a run of it is under way, another is refused.
    await expect.poll(async () => {
      const [answer] = await Promise.all([page.waitForResponse((r) => r.url().endsWith("/oic-audit/actions/run")), card.getByRole("button", { name: "Run now: oic-audit" }).click()]);
      return answer.ok();
    }).toBe(true);
    await expect.poll(async () => (await storedRuns("oic-audit")).filter((r) => r.trigger !== "schedule" && !before.has(r.id)).length).toBe(1);
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  test("have runs whose steps unfold, with what each of them counted", async ({ page }) => {
    // The first run fetched the whole history of the demo.
    const run = (await storedRuns("oic-audit")).at(-1)!;
    await page.goto("/ui/integrations/runs?integration=oic-audit");
    const row = page.locator(`tr[data-run="${run.id}"]`);
    await row.waitFor();
    expect(figures(await row.locator("td.num").first().innerText())).toEqual([run.steps[0]!.counts["new"]]);
    await page.getByRole("button", { name: `Steps of run ${run.id}`, exact: true }).click();
    const steps = page.locator("tr.steps li");
    await expect.poll(() => steps.locator("strong").allInnerTexts()).toEqual(run.steps.map((s) => s.name));
    for (const [i, step] of run.steps.entries()) {
      for (const [name, n] of Object.entries(step.counts)) {
        if (name === "bytes") continue; // written short
        expect(figures(await steps.nth(i).locator(`[data-count="${name}"] b`).innerText()), `${step.name} ${name}`).toEqual([n]);
      }
    }
    await shoot(page, "runs");
    // What it fetched is what happened before the page was opened, once each.
    const all = (await storedRuns("oic-audit")).reduce((n, r) => n + (r.steps[0]!.counts["new"] ?? 0), 0);
    expect(all).toBeGreaterThanOrEqual(await count("'Upload Name' = 'oic audit logs push'"));
  });

  test("have connections that are tested step by step, and a quarantine", async ({ page }) => {
    await page.goto("/ui/integrations/connections");
    await page.getByRole("button", { name: "Test oic", exact: true }).click();
    await page.locator(".probes li").first().waitFor();
    await settled(page);
    expect(await page.locator(".probes .failed").allInnerTexts()).toEqual([]);
    await shoot(page, "connections");
    await page.getByRole("link", { name: "Quarantine" }).click();
    await page.getByText("Nothing is in quarantine").waitFor();
  });
});

describe("administration", () => {
  test("says how many records the store has of each log source, and verifies it", async ({ page }) => {
    await page.goto("/ui/admin/storage");
    const row = page.locator("[data-source='OCI Analytics Cloud Audit Logs']");
    await row.waitFor();
    const stored = (await call<{ items: { source: string; records: number }[] }>("/ledgerline/v1/store/sources")).items;
    expect((await page.locator("[data-source]").count())).toBe(stored.length);
    // Records keep coming while the demo lives: at least those of the range that is over.
    const shown = figures(await row.locator("td.num").first().innerText())[0]!;
    expect(shown).toBeGreaterThanOrEqual(await count("'Log Source' = 'OCI Analytics Cloud Audit Logs'"));
    expect(shown).toBeLessThanOrEqual(stored.find((s) => s.source === "OCI Analytics Cloud Audit Logs")!.records);
    await shoot(page, "storage");
    await page.getByRole("button", { name: "Verify the store" }).click();
    await page.getByText("Everything agrees").waitFor();
  });

  test("unfolds an upload to its files, and leads to its records", async ({ page }) => {
    await page.goto("/ui/admin/uploads");
    const name = "oic audit logs push";
    await page.getByRole("button", { name: `Files of ${name}`, exact: true }).first().click();
    await page.getByRole("columnheader", { name: "Status" }).waitFor();
    await settled(page);
    await shoot(page, "uploads");
    await page.getByRole("link", { name, exact: true }).first().click();
    const x = new Explorer(page);
    await x.answered();
    expect(x.query()).toBe(`'Upload Name' = '${name}'`);
    expect(await x.total()).toBeGreaterThanOrEqual(await count(x.query()));
  });

  test("makes log groups and users with keys", async ({ page }) => {
    await page.goto("/ui/admin/log-groups");
    await page.getByRole("button", { name: "New log group" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Of the page test");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("link", { name: "Of the page test" }).waitFor();
    const tenancy = (await call<{ tenancy: string }>("/ledgerline/v1/status")).tenancy;
    const groups = (await call<{ items: { displayName: string }[] }>(`/ledgerline/v1/log-groups?limit=1000&compartmentId=${tenancy}`)).items;
    expect(groups.map((g) => g.displayName)).toContain("Of the page test");

    await page.goto("/ui/admin/users");
    await page.getByRole("button", { name: "New user" }).click();
    await page.getByLabel("Name", { exact: true }).fill("uploader");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Keys of uploader" }).click();
    await page.getByText("No API keys.").waitFor();
    expect((await call<{ items: { name: string; password: boolean }[] }>("/ledgerline/v1/users")).items).toContainEqual(expect.objectContaining({ name: "uploader", password: false }));

    // A key that is made here: its private half is downloaded, and the server knows it by its fingerprint until it is revoked.
    const id = (await call<{ items: { id: string; name: string }[] }>("/ledgerline/v1/users")).items.find((u) => u.name === "uploader")!.id;
    const keys = async () => (await call<{ items: { fingerprint: string }[] }>(`/ledgerline/v1/users/${id}/keys`)).items.map((k) => k.fingerprint);
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Make a key" }).click();
    const secret = createPrivateKey(await bytesOf(await download));
    const der = createPublicKey(secret).export({ type: "spki", format: "der" });
    const fingerprint = createHash("md5").update(der).digest("hex").match(/../g)!.join(":");
    await page.getByText("in your downloads").waitFor();
    await expect.poll(() => page.locator(".notice pre").innerText()).toContain(`user=${id}\nfingerprint=${fingerprint}\ntenancy=${tenancy}`);
    expect(await keys()).toEqual([fingerprint]);

    page.on("dialog", (d) => void d.accept());
    await page.getByRole("button", { name: `Revoke ${fingerprint}` }).click();
    await page.getByText("No API keys.").waitFor();
    expect(await keys()).toEqual([]);

    await page.getByLabel(/^Or add the public half/).fill(createPublicKey(secret).export({ type: "spki", format: "pem" }).toString());
    await page.getByRole("button", { name: "Add the key" }).click();
    await page.getByRole("button", { name: `Revoke ${fingerprint}` }).waitFor();
    expect(await keys()).toEqual([fingerprint]);

    const disabled = async () => (await call<{ disabled: boolean }>(`/ledgerline/v1/users/${id}`)).disabled;
    await page.getByRole("button", { name: "Disable uploader" }).click();
    await page.getByRole("button", { name: "Enable uploader" }).waitFor();
    expect(await disabled()).toBe(true);
    await page.getByRole("button", { name: "Enable uploader" }).click();
    await page.getByRole("button", { name: "Disable uploader" }).waitFor();
    expect(await disabled()).toBe(false);
  });

  test("deletes a user, who is out at once", async ({ page, open }) => {
    const password = "a long password of who leaves";
    ledgerline(["users", "add", "leaver", "--group", "Administrators", "--password-stdin"], password + "\n");
    const names = async () => (await call<{ items: { name: string }[] }>("/ledgerline/v1/users")).items.map((u) => u.name);
    const theirs = await open({ loggedIn: false });
    await theirs.goto("/ui/integrations");
    await theirs.getByLabel("User").fill("leaver");
    await theirs.getByLabel("Password").fill(password);
    await theirs.getByRole("button", { name: "Log in" }).click();
    await theirs.getByRole("button", { name: "Account of leaver" }).waitFor();

    await page.goto("/ui/admin/users");
    const asked: string[] = [];
    const answers = [false, true];
    page.on("dialog", (d) => (asked.push(d.message()), void (answers.shift() ? d.accept() : d.dismiss())));
    await page.getByRole("button", { name: "Delete leaver" }).click();
    expect(asked[0]).toContain("Delete leaver for good?");
    expect(await names()).toContain("leaver");
    await page.getByRole("button", { name: "Delete leaver" }).click();
    await page.getByRole("button", { name: "Delete leaver" }).waitFor({ state: "detached" });
    expect(await names()).not.toContain("leaver");

    await theirs.reload();
    await theirs.getByRole("heading", { name: "Log in to Ledgerline" }).waitFor();
    // Nobody deletes itself here.
    expect(await page.getByRole("button", { name: "Delete demo" }).count()).toBe(0);
    ledgerline(["users", "add", "gone", "--no-password"]);
    ledgerline(["users", "delete", "gone"]);
    expect(await names()).not.toContain("gone");
  });

  test("takes a lookup table that queries use", async ({ page }) => {
    await page.goto("/ui/admin/lookups");
    await page.getByRole("textbox", { name: "Table" }).fill("operations");
    await page.getByLabel("CSV file").setInputFiles({ name: "operations.csv", mimeType: "text/csv", buffer: Buffer.from("Operation,Kind\nactivate,change\ndelete,loss\n") });
    await page.getByRole("button", { name: "Save the table" }).click();
    await page.getByRole("button", { name: "operations", exact: true }).click();
    const x = new Explorer(page);
    expect(await x.grid("operations")).toEqual({ rows: 2, cells: [["activate", "change"], ["delete", "loss"]] });
  });
});
