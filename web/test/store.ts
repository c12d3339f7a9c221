import { execFileSync } from "node:child_process";
import { request } from "node:http";
import { inject } from "vitest";
import { bin } from "./demo";

// What the store has, asked past the web application and its session: by the socket of the command line.

/** call makes a call of the API, as JSON or with bytes as they are. */
export async function call<T>(path: string, body?: unknown, method = body === undefined ? "GET" : "POST"): Promise<T> {
  const raw = Buffer.isBuffer(body);
  const text = await new Promise<string>((done, fail) => {
    const r = request({ socketPath: inject("socket"), path, method, headers: { host: "localhost", "content-type": raw ? "application/octet-stream" : "application/json" } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (d: Buffer) => parts.push(d));
      answer.on("end", () => {
        const said = Buffer.concat(parts).toString();
        if ((answer.statusCode ?? 500) < 300) done(said);
        else fail(new Error(`${method} ${path}: ${answer.statusCode} ${said}`));
      });
    });
    r.on("error", fail);
    r.end(body === undefined ? undefined : raw ? body : JSON.stringify(body));
  });
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

export type Table = { columns: { name: string; hidden?: boolean }[]; rows: unknown[][] };
export type Answer = Table & { charts?: { name: string }[]; tables?: (Table & { name: string })[]; series?: { lines: unknown[] } };
export type Window = { from: string; to: string };

/** settledRange is the range of the specs: what is in it no longer changes. */
export const settledRange = (): Window => ({ from: inject("from"), to: inject("to") });

/** ask answers a query. */
export const ask = (query: string, window: Window = settledRange()) => call<Answer>("/ledgerline/v1/query", { query, ...window, limit: -1 });

/** count is how many records a search finds. */
export const count = async (search: string, window?: Window) => Number((await ask(`${search} | stats count`, window)).rows[0]![0]);

/** column is one column of a table. */
export function column(t: Table, name: string): unknown[] {
  const i = t.columns.findIndex((c) => c.name === name);
  if (i < 0) throw new Error(`there is no column ${name} but ${t.columns.map((c) => c.name).join(", ")}`);
  return t.rows.map((r) => r[i]);
}

/** ledgerline runs a command against the demo. */
export const ledgerline = (args: string[], input = "") => execFileSync(bin, ["--config", inject("config"), ...args], { encoding: "utf8", input, maxBuffer: 1 << 26 });
