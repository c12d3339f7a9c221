import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const dist = "../internal/api/ui/dist";

// While the application is worked on: the calls go to a server that runs, such as that of the demo.
const target = process.env.LEDGERLINE_URL ?? "http://127.0.0.1:8088";
const proxy = { "/ledgerline": target, "/20200601": target, "/20200901": target };

// The server sends these files compressed; doing it here costs it nothing at run time.
function compressed(): Plugin {
  const walk = (dir: string): string[] =>
    readdirSync(dir).flatMap((name) => {
      const path = join(dir, name);
      return statSync(path).isDirectory() ? walk(path) : [path];
    });
  return {
    name: "compressed",
    apply: "build",
    closeBundle() {
      for (const file of walk(dist)) {
        if (/\/assets\/.*\.(js|css|json|svg)$/.test(file) && statSync(file).size > 1024) {
          writeFileSync(file + ".gz", gzipSync(readFileSync(file), { level: 9 }));
        }
      }
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
