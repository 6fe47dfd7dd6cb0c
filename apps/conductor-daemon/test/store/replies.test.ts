import { expect, it } from "vitest";
import { Replies } from "../../src/store/replies.ts";
import { openStore } from "../support/store.ts";

const MARK = { id: "request-1", digest: "body-1" };
const WEEK_MS = 7 * 24 * 60 * 60 * 1000;

it("the same key is done once and answered alike, also after a restart", async () => {
  const { store, file } = await openStore();
  let done = 0;
  const work = () => ({ status: 200, body: { done: (done += 1) } });
  const replies = new Replies(store, () => 0);
  expect(replies.once(MARK, work)).toEqual({ status: 200, body: { done: 1 } });
  expect(replies.once(MARK, work)).toEqual({ status: 200, body: { done: 1 } });
  store.close();
  const again = new Replies((await openStore(file)).store, () => 0);
  expect(again.once(MARK, work)).toEqual({ status: 200, body: { done: 1 } });
  expect(done).toBe(1);
});

it("a reply without a body stays one", async () => {
  const replies = new Replies((await openStore()).store, () => 0);
  const work = () => ({ status: 204, body: undefined });
  expect([replies.once(MARK, work), replies.once(MARK, work)]).toEqual([work(), work()]);
});

it("the same key with another body is refused", async () => {
  const replies = new Replies((await openStore()).store, () => 0);
  replies.once(MARK, () => ({ status: 200, body: {} }));
  const other = (): unknown => replies.once({ ...MARK, digest: "body-2" }, () => ({ status: 200, body: {} }));
  expect(other).toThrow(expect.objectContaining({ code: "idempotency_key_reused" }));
});

it("what failed is not kept, and may be sent again with its key", async () => {
  const replies = new Replies((await openStore()).store, () => 0);
  const failing = (): unknown =>
    replies.once(MARK, () => {
      throw new Error("on purpose");
    });
  expect(failing).toThrow("on purpose");
  expect(replies.once(MARK, () => ({ status: 200, body: 1 }))).toEqual({ status: 200, body: 1 });
});

it("a reply is kept for a week", async () => {
  let nowMs = 0;
  const replies = new Replies((await openStore()).store, () => nowMs);
  replies.once(MARK, () => ({ status: 200, body: "first" }));
  nowMs = WEEK_MS + 1;
  replies.once({ id: "request-2", digest: "d" }, () => ({ status: 200, body: "other" }));
  expect(replies.once(MARK, () => ({ status: 200, body: "second" })).body).toBe("second");
});

it("so many replies are kept, the newest, and some more between two looks", async () => {
  const { store } = await openStore();
  let nowMs = 0;
  const replies = new Replies(store, () => nowMs, { repliesMax: 3, dropStep: 4 });
  const kept = (): unknown[] => store.database.prepare("SELECT id FROM replies ORDER BY at_ms").all();
  for (let number = 1; number <= 9; number += 1) {
    nowMs += 1;
    replies.once({ id: String(number), digest: "d" }, () => ({ status: 200, body: number }));
    expect(kept().length).toBeLessThanOrEqual(3 + 4);
  }
  expect(kept()).toEqual(["7", "8", "9"].map((id) => ({ id })));
});
