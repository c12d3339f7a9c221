import { defineConfig } from "vitest/config";

// One demo and one browser serve all specs, one after the other.
export default defineConfig({
  test: { include: ["test/**/*.spec.ts"], globalSetup: ["test/demo.ts"], testTimeout: 60_000, hookTimeout: 120_000, fileParallelism: false, maxWorkers: 1 },
});
