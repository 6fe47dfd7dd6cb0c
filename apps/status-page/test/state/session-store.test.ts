import type { Session } from "@baa/contracts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { refusal } from "../../src/api/api-error.ts";
import type { Api } from "../../src/api/api.ts";
import { SessionStore } from "../../src/state/session-store.ts";
import { AT } from "../support/events.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const named = (...ids: string[]) => ids.map((id) => ({ id }) as Session);

/** A store whose service gives these replies one after the other, and what it was asked. */
const setUp = (...replies: object[]) => {
  const asked: object[] = [];
  const sessions = (query: object) => {
    asked.push(query);
    const reply = replies.shift();
    return reply instanceof Error ? Promise.reject(reply) : Promise.resolve({ nextCursor: null, staleMs: 0, ...reply });
  };
  return { store: new SessionStore({ api: { sessions } as unknown as Api }), asked };
};
const ids = (store: SessionStore) => store.list.value.rows.map(({ id }) => id);

test("page by page, each session once", async () => {
  const { store, asked } = setUp(
    { sessions: named("c", "b"), nextCursor: "b" },
    { sessions: named("b", "a"), nextCursor: null },
  );
  await store.refresh();
  await store.more();
  expect(ids(store)).toEqual(["c", "b", "a"]);
  await store.more();
  expect(asked).toEqual([{ limit: 30 }, { limit: 30, cursor: "b" }]);
});

test("narrowed by text and state; programs' sessions are asked for by their purpose", async () => {
  const { store, asked } = setUp({ sessions: [] }, { sessions: [] });
  store.narrow({ search: "  upload ", filter: "running" });
  await vi.advanceTimersByTimeAsync(400);
  store.narrow({ search: "", filter: "worker" });
  await vi.advanceTimersByTimeAsync(400);
  expect(asked).toEqual([
    { limit: 30, q: "upload", state: "running" },
    { limit: 30, purpose: "worker" },
  ]);
});

test("a burst of events is one reading", async () => {
  const { store, asked } = setUp({ sessions: named("a") });
  for (let n = 0; n < 5; n += 1) store.refreshSoon();
  await vi.advanceTimersByTimeAsync(400);
  expect([asked.length, ids(store)]).toEqual([1, ["a"]]);
});

test("an old answer says from when it is, and a refusal leaves what was there", async () => {
  const down = refusal(503, { code: "conductor_down", detail: "conductor is down." }, null);
  const { store } = setUp({ sessions: named("a"), staleMs: 5_000, asOf: AT }, down);
  await store.refresh();
  expect(store.list.value).toMatchObject({ oldFromMs: Date.now() - 5_000, failure: undefined });
  await store.refresh();
  expect([ids(store), store.list.value.failure]).toEqual([["a"], "conductor is down."]);
});
