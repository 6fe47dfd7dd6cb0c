import type { Status } from "@baa/contracts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { noAnswer } from "../../src/api/api-error.ts";
import type { Api } from "../../src/api/api.ts";
import { StatusStore } from "../../src/state/status-store.ts";
import { ALWAYS_SEEN } from "../support/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const setUp = () => {
  let asked = 0;
  const answer = { fails: false };
  const status = (): Promise<Status> => {
    asked += 1;
    return answer.fails ? Promise.reject(noAnswer(undefined)) : Promise.resolve({ at: String(asked) } as Status);
  };
  const store = new StatusStore({ api: { status } as unknown as Api, visibility: ALWAYS_SEEN });
  const end = new AbortController();
  void store.follow(end.signal);
  return { store, answer, end, asked: () => asked };
};

test("asks every three seconds, and soon after something has changed, once for a burst", async () => {
  const { store, asked, end } = setUp();
  await vi.advanceTimersByTimeAsync(0);
  expect(asked()).toBe(1);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(asked()).toBe(2);
  for (let n = 0; n < 5; n += 1) store.hurry();
  await vi.advanceTimersByTimeAsync(300);
  expect(asked()).toBe(3);
  await vi.advanceTimersByTimeAsync(2_900);
  expect(asked()).toBe(3);
  end.abort();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked()).toBe(3);
});

test("without an answer the last one stays, with since when there is none", async () => {
  const { store, answer } = setUp();
  await vi.advanceTimersByTimeAsync(0);
  const receivedAtMs = Date.now();
  answer.fails = true;
  await vi.advanceTimersByTimeAsync(9_000);
  expect(store.reading.value).toEqual({
    status: { at: "1" },
    receivedAtMs,
    failure: { message: "status-api does not answer.", sinceMs: receivedAtMs + 3_000 },
  });
  answer.fails = false;
  await vi.advanceTimersByTimeAsync(3_000);
  expect(store.reading.value.failure).toBeUndefined();
});
