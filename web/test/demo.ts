import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { TestProject } from "vitest/node";

export const bin = process.env.LEDGERLINE_BIN ?? new URL("../../bin/ledgerline", import.meta.url).pathname;

declare module "vitest" {
  interface ProvidedContext {
    base: string;
    cookies: string;
    config: string;
  }
}

export const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** setup starts the demo in a folder of its own, waits until its history is stored, and logs a browser in by its link. */
export default async function setup(project: TestProject) {
  const folder = mkdtempSync(join(tmpdir(), "ledgerline-ui-"));
  const demo = spawn(bin, ["demo", "--records", "6000", "--days", "10", "--data", join(folder, "demo")], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  const ready = new Promise<void>((done, fail) => {
    demo.stdout.on("data", (d: Buffer) => {
      said += d.toString();
      if (said.includes("Collecting goes on")) done();
    });
    demo.on("exit", (code) => fail(new Error(`the demo ended with ${code}:\n${said}`)));
  });
  await ready;
  const link = /http:\/\/\S*session\/start\S*/.exec(said)?.[0];
  const config = /configuration\s+(\S+)/.exec(said)?.[1];
  if (!link || !config) throw new Error("the demo printed no link:\n" + said);
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: flags });
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(link);
  project.provide("base", new URL(link).origin);
  project.provide("config", config);
  project.provide("cookies", JSON.stringify(await context.cookies()));
  await browser.close();
  return () => {
    demo.removeAllListeners("exit");
    demo.kill();
    rmSync(folder, { recursive: true, force: true });
  };
}
