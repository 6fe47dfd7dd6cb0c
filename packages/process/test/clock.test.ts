import { afterEach, expect, test, vi } from "vitest";

import { systemClock } from "../src/index.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("sleep resolves after its time", async () => {
  const before = systemClock.monoMs();
  await systemClock.sleep(5);
  expect(systemClock.monoMs() - before).toBeGreaterThanOrEqual(4);
});

test("an aborted sleep rejects with the signal's reason and leaves no timer", async () => {
  vi.useFakeTimers();
  const abort = new AbortController();
  const sleep = systemClock.sleep(1000, abort.signal);
  abort.abort(new Error("enough"));
  await expect(sleep).rejects.toThrow("enough");
  expect(vi.getTimerCount()).toBe(0);
});

test("a signal that was aborted before rejects at once", async () => {
  vi.useFakeTimers();
  await expect(systemClock.sleep(1000, AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
  expect(vi.getTimerCount()).toBe(0);
});

test("a finished sleep lets go of the signal", async () => {
  const abort = new AbortController();
  const removed = vi.spyOn(abort.signal, "removeEventListener");
  await systemClock.sleep(0, abort.signal);
  expect(removed).toHaveBeenCalledTimes(1);
});

test("sleeping longer than a timer can count does not end at once", async () => {
  vi.useFakeTimers();
  const monthMs = 30 * 24 * 3_600_000;
  let isDone = false;
  const sleep = systemClock.sleep(monthMs).then(() => (isDone = true));
  await vi.advanceTimersByTimeAsync(monthMs - 1000);
  expect(isDone).toBe(false);
  await vi.advanceTimersByTimeAsync(1000);
  await sleep;
  expect(isDone).toBe(true);
});
