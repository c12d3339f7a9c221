import { defineConfig } from "vitest/config";

// One demo and one browser serve all specs, of which two files run at a time: while one waits for the page, the other works.
export default defineConfig({
  test: { include: ["test/**/*.spec.ts"], globalSetup: ["test/demo.ts"], maxWorkers: 2, isolate: false, testTimeout: 240_000, hookTimeout: 240_000, expect: { poll: { timeout: 60_000, interval: 50 } } },
});
