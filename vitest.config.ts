import { defineConfig } from "vitest/config";

/**
 * Lanes by file name: unit (in-process, parallel), system (real processes, serial), browser (real browsers, serial), and
 * firefox, those with the extension of ours, two files at a time.
 */
const FIREFOX = [
  "apps/firefox-extension/test/**/*.browser.test.ts",
  "packages/test-kit/test/firefox/*.browser.test.ts",
];

export default defineConfig({
  test: {
    // Vitest leaves one core free; on a machine with two that is half of them.
    maxWorkers: "100%",
    projects: [
      {
        test: {
          name: "unit",
          // Files of a worker share their modules: loading them anew for each takes longer than the tests. No test
          // changes a module.
          isolate: false,
          include: ["{apps,packages}/*/test/**/*.test.ts", "scripts/test/**/*.test.mjs"],
          exclude: ["**/*.{system,browser}.test.{ts,mjs}", "**/node_modules/**"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "system",
          setupFiles: ["scripts/dev/routes/record-hits.ts"],
          include: ["{apps,packages}/*/test/**/*.system.test.ts", "scripts/test/**/*.system.test.mjs"],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "browser",
          globalSetup: ["packages/test-kit/src/browser/lane-setup.ts"],
          include: ["{apps,packages}/*/test/**/*.browser.test.ts"],
          exclude: [...FIREFOX, "**/node_modules/**"],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "firefox",
          globalSetup: [
            "packages/test-kit/src/browser/lane-setup.ts",
            "apps/firefox-extension/test/support/lane-setup.ts",
          ],
          include: FIREFOX,
          expect: { poll: { timeout: 10_000, interval: 30 } },
          // They wait more than they work.
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
