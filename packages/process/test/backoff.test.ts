import fc from "fast-check";
import { expect, test } from "vitest";

import { createBackoff } from "../src/index.ts";

test("waits double to the maximum and stay there", () => {
  const backoff = createBackoff({ initialMs: 500, maxMs: 30_000, jitter: 0 });
  expect(Array.from({ length: 9 }, () => backoff.next())).toEqual([
    500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
  ]);
});

test("reset begins again", () => {
  const backoff = createBackoff({ initialMs: 10, maxMs: 1000, jitter: 0, factor: 10 });
  expect([backoff.next(), backoff.next()]).toEqual([10, 100]);
  backoff.reset();
  expect(backoff.next()).toBe(10);
});

test("chance takes off at most the jitter and never adds", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), (chance) => {
      const backoff = createBackoff({ initialMs: 1000, maxMs: 1000, jitter: 0.5, random: () => chance });
      const waitMs = backoff.next();
      expect(waitMs).toBeGreaterThanOrEqual(500);
      expect(waitMs).toBeLessThanOrEqual(1000);
    }),
  );
});

test("an initial wait above the maximum is the maximum", () => {
  expect(createBackoff({ initialMs: 50, maxMs: 20, jitter: 0 }).next()).toBe(20);
});
