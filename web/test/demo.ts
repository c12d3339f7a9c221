import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { TestProject } from "vitest/node";

export const bin = process.env.LEDGERLINE_BIN ?? new URL("../../bin/ledgerline", import.meta.url).pathname;

declare module "vitest" {
  interface ProvidedContext {
    browser: string; // where the browser of all specs listens
    base: string; // of the demo's server
    session: string; // cookies of somebody who is logged in
    config: string; // file of the demo
    socket: string; // of its command line
    from: string; // a range that ended before now: what is in it no longer changes
    to: string;
  }
}

const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** setup starts the demo in a folder of its own, waits until its history is stored, and logs a browser in by its link. */
export default async function setup(project: TestProject) {
  const folder = mkdtempSync(join(tmpdir(), "ledgerline-ui-"));
  const data = join(folder, "demo");
  const demo = spawn(bin, ["demo", "--records", "6000", "--days", "10", "--data", data], { stdio: ["ignore", "pipe", "inherit"] });
  const server = chromium.launchServer({ executablePath: "/usr/bin/chromium", args: flags });
  let said = "";
  await new Promise<void>((done, fail) => {
    demo.stdout.on("data", (d: Buffer) => {
      said += d.toString();
      if (said.includes("Collecting goes on")) done();
    });
    demo.on("error", fail);
    demo.on("exit", (code) => fail(new Error(`the demo ended with ${code}:\n${said}`)));
  });
  const link = /http:\/\/\S*session\/start\S*/.exec(said)?.[0];
  const config = /configuration\s+(\S+)/.exec(said)?.[1];
  if (!link || !config) throw new Error("the demo printed no link:\n" + said);

  const endpoint = (await server).wsEndpoint();
  const browser = await chromium.connect(endpoint);
  const context = await browser.newContext();
  await (await context.newPage()).goto(link);
  project.provide("browser", endpoint);
  project.provide("base", new URL(link).origin);
  project.provide("session", JSON.stringify(await context.cookies()));
  project.provide("config", config);
  project.provide("socket", join(data, "data", "ledgerline.sock"));
  project.provide("from", new Date(Date.now() - 8 * 864e5).toISOString());
  project.provide("to", new Date(Date.now() - 36e5).toISOString());
  await browser.close();
  return async () => {
    await (await server).close();
    demo.removeAllListeners("exit");
    const ended = new Promise((done) => demo.once("exit", done));
    demo.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
}
