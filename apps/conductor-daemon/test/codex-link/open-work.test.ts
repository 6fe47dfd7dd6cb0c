import { expect, it } from "vitest";
import { OpenWork } from "../../src/codex-link/open-work.ts";
import { openStore } from "../support/store.ts";

const event = (type: string, ids: Record<string, string>, data: Record<string, unknown> = {}) => ({
  seq: 1,
  at: "2026-01-01T00:00:00.000Z",
  type,
  ...ids,
  data,
});
const A = { sessionId: "ses_1", turnId: "turn_a" };
const B = { sessionId: "ses_2", turnId: "turn_b" };

it("a turn is open from its acceptance to its end, an approval from the question to the answer", async () => {
  const { store } = await openStore();
  const work = new OpenWork(store);
  const apply = (...events: ReturnType<typeof event>[]): void =>
    store.write(() => events.forEach((one) => work.apply(one)));

  apply(event("turn.accepted", A), event("turn.accepted", B), event("turn.started", A));
  expect(work.turns().map(({ id, state }) => [id, state])).toEqual([
    ["turn_a", "running"],
    ["turn_b", "accepted"],
  ]);
  apply(event("approval.requested", { ...A, approvalId: "apr_1" }, { kind: "command" }));
  expect([work.turnCount, work.approvalCount]).toEqual([2, 1]);
  apply(event("approval.resolved", { ...A, approvalId: "apr_1" }), event("turn.interrupted", A));
  expect([work.turnCount, work.approvalCount]).toEqual([1, 0]);
  apply(event("session.deleted", { sessionId: "ses_2" }));
  expect(work.turnCount).toBe(0);
});

it("a snapshot takes the place of all that was known, and is there after a restart", async () => {
  const { store, file } = await openStore();
  const work = new OpenWork(store);
  store.write(() => work.apply(event("turn.accepted", A)));
  const open = { id: "turn_c", sessionId: "ses_3", state: "running", createdAt: "2026-01-01T00:00:00.000Z" };
  store.write(() => work.replace({ asOfSeq: 9, openTurns: [open], pendingApprovals: [] }));
  store.close();

  const again = new OpenWork((await openStore(file)).store);
  expect(again.turns()).toEqual([
    { id: "turn_c", sessionId: "ses_3", state: "running", at: "2026-01-01T00:00:00.000Z" },
  ]);
});

it("what a failed transaction changed does not count", async () => {
  const { store } = await openStore();
  const work = new OpenWork(store);
  const failing = (): void =>
    store.write(() => {
      work.apply(event("turn.accepted", A));
      throw new Error("on purpose");
    });
  expect(failing).toThrow("on purpose");
  store.write(() => undefined);
  expect([work.turnCount, work.turns()]).toEqual([0, []]);
});
