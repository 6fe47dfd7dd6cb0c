import { expect, test } from "vitest";
import { UsageMeter } from "../../src/events/usage-meter.ts";

const breakdown = (total: number) => ({
  totalTokens: total,
  inputTokens: total,
  cachedInputTokens: 0,
  outputTokens: 0,
  reasoningOutputTokens: 0,
});

test("the first update of a turn sets where it began", () => {
  const meter = new UsageMeter();
  expect(meter.update("t", breakdown(1000), breakdown(30), 0).usage.totalTokens).toBe(30);
  expect(meter.update("t", breakdown(1100), breakdown(100), 0).usage.totalTokens).toBe(130);
  expect(meter.current("t")?.totalTokens).toBe(130);
});

test("turns do not share anything", () => {
  const meter = new UsageMeter();
  meter.update("a", breakdown(10), breakdown(10), 0);
  expect(meter.update("b", breakdown(25), breakdown(15), 0)).toMatchObject({ usage: { totalTokens: 15 }, tell: true });
  expect(meter.current("c")).toBeUndefined();
});

test("totals that go back (compaction) never become negative", () => {
  const meter = new UsageMeter();
  meter.update("t", breakdown(1000), breakdown(30), 0);
  expect(meter.update("t", breakdown(100), breakdown(5), 0).usage.totalTokens).toBe(0);
});

test("it is time to tell at first, and then after a second each", () => {
  const meter = new UsageMeter();
  const tell = (nowMs: number): boolean => meter.update("t", breakdown(1), breakdown(1), nowMs).tell;
  expect([0, 1, 999, 1000, 1500, 1999, 2000].map(tell)).toEqual([true, false, false, true, false, false, true]);
});

test("a forgotten turn begins anew", () => {
  const meter = new UsageMeter();
  meter.update("t", breakdown(10), breakdown(10), 0);
  meter.forget("t");
  expect(meter.current("t")).toBeUndefined();
});
