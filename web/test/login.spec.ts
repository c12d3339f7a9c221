import { describe } from "vitest";
import type { Page } from "playwright-core";
import { shoot } from "./look";
import { ledgerline } from "./store";
import { expect, test } from "./test";

const password = "a long password of the page test";

async function logIn(page: Page, user: string, secret: string): Promise<string> {
  await page.getByLabel("User").fill(user);
  await page.getByLabel("Password").fill(secret);
  const answer = page.waitForResponse((r) => r.url().endsWith("/session") && r.request().method() === "POST");
  await page.getByRole("button", { name: "Log in" }).click();
  await answer;
  await page.locator("[role=alert], nav").first().waitFor();
  return (await page.getByRole("alert").allInnerTexts()).join();
}

describe("login", () => {
  test("refuses a wrong password, and who is not logged in sees nothing", async ({ open }) => {
    const page = await open({ loggedIn: false });
    await page.goto("/ui/explore?q=*");
    await expect.poll(() => page.getByRole("heading").allInnerTexts()).toEqual(["Log in to Ledgerline"]);
    await shoot(page, "login");
    expect(await logIn(page, "nobody", "wrong")).toContain("no such user");
    expect(await page.locator("nav, .records").count()).toBe(0);
    expect(await page.getByLabel("Password").inputValue()).toBe("");
  });

  test("slows down who tries again and again, with the right password too", async ({ open }) => {
    ledgerline(["users", "add", "guessed", "--password-stdin"], password + "\n");
    const page = await open({ loggedIn: false });
    await page.goto("/ui/explore");
    for (let i = 0; i < 5; i++) expect(await logIn(page, "guessed", "wrong " + i)).toContain("no such user");
    expect(await logIn(page, "guessed", password)).toContain("too many attempts");
  });

  test("lets in a user made by the command line, and out again", async ({ open }) => {
    ledgerline(["users", "add", "auditor", "--group", "Administrators", "--password-stdin"], password + "\n");
    const page = await open({ loggedIn: false });
    await page.goto("/ui/explore?q=*&last=24h");
    expect(await logIn(page, "auditor", password)).toBe("");
    await page.locator(".counts").waitFor();
    expect(new URL(page.url()).search).toBe("?q=*&last=24h");
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
    await page.getByRole("button", { name: "Account of auditor" }).click();
    await page.getByRole("menuitem", { name: "Log out" }).click();
    await page.getByRole("heading", { name: "Log in to Ledgerline" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Log in to Ledgerline" }).waitFor();
  });
});
