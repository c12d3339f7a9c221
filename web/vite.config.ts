import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const dist = "../internal/api/ui/dist";

// While the application is worked on: the calls go to a server that runs, such as that of the demo.
const target = process.env.LEDGERLINE_URL ?? "http://127.0.0.1:8088";
const proxy = { "/ledgerline": target, "/20200601": target, "/20200901": target };

const FIRST_PAGE = 300_000; // bytes of compressed script that the first page may take; charts and the editor come when needed

// The server sends these files compressed; doing it here costs it nothing at run time.
function compressed(): Plugin {
  let out = dist;
  const walk = (dir: string): string[] =>
    readdirSync(dir).flatMap((name) => {
      const path = join(dir, name);
      return statSync(path).isDirectory() ? walk(path) : [path];
    });
  return {
    name: "compressed",
    apply: "build",
    configResolved(config) {
      out = resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      for (const file of walk(out)) {
        if (/\/assets\/.*\.(js|css|json|svg)$/.test(file) && statSync(file).size > 1024) {
          writeFileSync(file + ".gz", gzipSync(readFileSync(file), { level: 9 }));
        }
      }
      // What the page names is loaded before anything is seen.
      const scripts = new Set(readFileSync(join(out, "index.html"), "utf8").match(/assets\/[^"]+\.js/g));
      const bytes = [...scripts].reduce((n, name) => n + gzipSync(readFileSync(join(out, name)), { level: 9 }).length, 0);
      if (bytes > FIRST_PAGE) throw new Error(`the first page takes ${bytes} bytes of compressed script; ${FIRST_PAGE} are the most: load what it does not need at once with import()`);
      if (bytes === 0) throw new Error("the page names no script");
    },
  };
}

export default defineConfig({
  base: "/ui/",
  plugins: [react(), compressed()],
  html: { cspNonce: "__NONCE__" },
  build: { outDir: dist, emptyOutDir: true, assetsInlineLimit: 0, chunkSizeWarningLimit: 900, target: "es2022", modulePreload: { polyfill: false } },
  server: { proxy },
  preview: { proxy, port: 4173, host: "127.0.0.1" },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
} as Parameters<typeof defineConfig>[0]);
