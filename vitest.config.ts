import { defineConfig } from "vitest/config";

/** Lanes by file name: unit (in-process, parallel), system (real processes, serial). */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["{apps,packages}/*/test/**/*.test.ts", "scripts/test/**/*.test.mjs"],
          exclude: ["**/*.{system,browser}.test.{ts,mjs}", "**/node_modules/**"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "system",
          include: ["{apps,packages}/*/test/**/*.system.test.ts", "scripts/test/**/*.system.test.mjs"],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
