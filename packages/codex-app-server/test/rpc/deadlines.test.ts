import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Deadlines } from "../../src/rpc/deadlines.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("an expiry says how much later than asked its timer ran", async () => {
  let skewMs = 0;
  const started = performance.now();
  const deadlines = new Deadlines(() => performance.now() - started + skewMs);
  const late: number[] = [];
  deadlines.start(100, (lateMs) => late.push(lateMs));
  deadlines.start(200, (lateMs) => late.push(lateMs));
  await vi.advanceTimersByTimeAsync(101);
  skewMs = 5_000; // the process was stopped, or the machine asleep
  await vi.advanceTimersByTimeAsync(100);
  expect(late).toEqual([0, 5_000]);
});

test("a cancelled deadline never calls back, not even when its timer has run already", async () => {
  const deadlines = new Deadlines(() => performance.now());
  const expire = vi.fn<(lateMs: number) => void>();
  const first = deadlines.start(10, expire);
  setTimeout(() => first.cancel(), 10); // runs right after the deadline's timer, before its callback
  await vi.advanceTimersByTimeAsync(100);
  expect(expire).not.toHaveBeenCalled();
});

test("a hold between the timer and its callback keeps the deadline alive", async () => {
  const deadlines = new Deadlines(() => performance.now());
  const expire = vi.fn<(lateMs: number) => void>();
  deadlines.start(10, expire);
  setTimeout(() => deadlines.hold(), 10);
  await vi.advanceTimersByTimeAsync(100);
  expect(expire).not.toHaveBeenCalled();
  deadlines.release();
  await vi.advanceTimersByTimeAsync(1);
  expect(expire).toHaveBeenCalledTimes(1);
});
