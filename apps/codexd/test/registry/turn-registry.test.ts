import { describe, expect, test } from "vitest";
import type { NewEvent } from "../../src/journal/journal.ts";
import { turnView } from "../../src/registry/registries.ts";
import { TurnRegistry } from "../../src/registry/turn-registry.ts";
import { AT } from "../support/journal.ts";
import { accepted, event, forwarding, itemCompleted, itemStarted, numbered, started } from "../support/records.ts";

const fold = (events: readonly NewEvent[]): TurnRegistry => {
  const registry = new TurnRegistry();
  for (const each of numbered(events)) registry.apply(each);
  return registry;
};
const turn = (...events: NewEvent[]) => fold([accepted(), ...events]).get("turn_1");

const asked = (approvalId: string): NewEvent => event("approval.requested", {}, { approvalId });
const resolved = (approvalId: string): NewEvent => event("approval.resolved", {}, { approvalId });

describe("the life of a turn", () => {
  test("accepted: every field of a new turn", () => {
    expect(turn()).toEqual({
      id: "turn_1",
      sessionId: "ses_1",
      state: "accepted",
      origin: "client",
      createdAt: AT,
      acceptedSeq: 1,
      openItems: [],
      pendingApprovals: 0,
    });
  });

  test("limits of the turn and its origin are kept, the input is not", () => {
    const registry = fold([
      accepted({}, { origin: "codex", idleTimeoutMs: 1000, timeoutMs: 2000, input: "secret text" }),
    ]);
    expect(registry.get("turn_1")).toMatchObject({ origin: "codex", idleTimeoutMs: 1000, timeoutMs: 2000 });
    expect(JSON.stringify(registry.entries())).not.toContain("secret text");
  });

  test("forwarding, then started with Codex's id", () => {
    expect(turn(forwarding())?.state).toBe("forwarding");
    const registry = fold([accepted(), forwarding(), started("ctx_7")]);
    expect(registry.get("turn_1")).toMatchObject({ state: "running", codexTurnId: "ctx_7", startedAt: AT });
    expect(registry.byCodexId("ctx_7")?.id).toBe("turn_1");
  });

  test("a second turn.started changes nothing", () => {
    expect(turn(forwarding(), started("ctx_1"), started("ctx_2"))?.codexTurnId).toBe("ctx_1");
  });

  test("a second turn.accepted of the same id changes nothing; one without a session is no turn", () => {
    expect(turn(forwarding(), accepted({}, { origin: "codex" }))).toMatchObject({
      state: "forwarding",
      origin: "client",
    });
    expect(fold([{ type: "turn.accepted", turnId: "turn_1", data: {} }]).size).toBe(0);
  });

  test("two approvals: the turn waits until both are resolved", () => {
    expect(turn(forwarding(), started(), asked("a"))).toMatchObject({ state: "awaitingApproval", pendingApprovals: 1 });
    expect(turn(forwarding(), started(), asked("a"), asked("b"), resolved("a"))).toMatchObject({
      state: "awaitingApproval",
      pendingApprovals: 1,
    });
    expect(turn(forwarding(), started(), asked("a"), asked("b"), resolved("a"), resolved("b"))).toMatchObject({
      state: "running",
      pendingApprovals: 0,
    });
  });

  test("an interrupt is noted with its time and reason, and moves nothing", () => {
    expect(turn(forwarding(), started(), event("turn.interruptRequested", { reason: "timeout" }))).toMatchObject({
      state: "running",
      interruptRequestedAt: AT,
      interruptReason: "timeout",
    });
    expect(turn(event("turn.interruptRequested"))?.interruptReason).toBe("requested");
  });

  test("items that begin and do not end stay open", () => {
    const events = [
      forwarding(),
      started(),
      itemStarted("i1"),
      itemStarted("i2", "commandExecution"),
      itemStarted("i3"),
    ];
    expect(
      turn(...events, itemCompleted("i1"), event("item.discarded", { itemId: "i3", reason: "retried" }))?.openItems,
    ).toEqual([{ itemId: "i2", type: "commandExecution" }]);
    expect(turn(...events, itemCompleted("other"))?.openItems).toHaveLength(3);
  });
});

describe("the end of a turn", () => {
  const ends = [
    ["turn.completed", "completed"],
    ["turn.failed", "failed"],
    ["turn.interrupted", "interrupted"],
    ["turn.lost", "lost"],
  ] as const;
  test.each(ends)("%s closes what was open", (type, state) => {
    const data = { reason: "r", error: { code: "c", message: "m", retryable: true }, usage: { totalTokens: 3 } };
    const registry = fold([accepted(), forwarding(), started(), itemStarted("i1"), asked("a"), event(type, data)]);
    expect(registry.get("turn_1")).toMatchObject({
      state,
      endedAt: AT,
      endSeq: 6,
      openItems: [],
      pendingApprovals: 0,
      ...data,
    });
    expect(registry.openCount).toBe(0);
    expect(registry.oldestOpenSeq).toBeUndefined();
  });

  test("nothing leaves an end, not another end either", () => {
    const registry = fold([
      accepted(),
      forwarding(),
      started(),
      event("turn.completed"),
      event("turn.failed", { reason: "late" }),
      started("ctx_2"),
    ]);
    expect(registry.get("turn_1")).toMatchObject({ state: "completed", codexTurnId: "ctx_1", endSeq: 4 });
    expect(registry.get("turn_1")).not.toHaveProperty("reason");
  });

  test("what comes late leaves no trace on it", () => {
    const events = [accepted(), forwarding(), started(), event("turn.completed", { usage: { totalTokens: 1 } })];
    const late = [
      event("usage.updated", { usage: { totalTokens: 9 } }),
      itemStarted("i1"),
      event("turn.interruptRequested", { reason: "late" }),
      asked("a"),
    ];
    expect(fold([...events, ...late]).get("turn_1")).toEqual(fold(events).get("turn_1"));
  });

  test("usage comes from its events until the end brings its own", () => {
    const usage = event("usage.updated", { usage: { totalTokens: 1 } });
    expect(turn(forwarding(), started(), usage)?.usage).toEqual({ totalTokens: 1 });
    expect(turn(forwarding(), started(), usage, event("turn.completed", {}))?.usage).toEqual({ totalTokens: 1 });
  });
});

describe("several turns", () => {
  const two = { sessionId: "ses_2", turnId: "turn_2" };
  const registry = () =>
    fold([accepted(), accepted(two), started("ctx_2", two), accepted({ turnId: "turn_3" }), event("turn.failed")]);

  test("open ones in order, by session, and the oldest event they need", () => {
    expect(
      registry()
        .open()
        .map(({ id }) => id),
    ).toEqual(["turn_2", "turn_3"]);
    expect(
      registry()
        .openOf("ses_1")
        .map(({ id }) => id),
    ).toEqual(["turn_3"]);
    expect(registry().oldestOpenSeq).toBe(2);
    expect([...registry().idsOf("ses_1").newestFirst()]).toEqual(["turn_3", "turn_1"]);
    expect([...registry().idsOf("ses_9").newestFirst()]).toEqual([]);
  });

  test("a deleted session takes its turns with it", () => {
    const after = registry();
    after.apply({ type: "session.deleted", sessionId: "ses_2", at: AT, seq: 6, data: {} });
    expect(after.get("turn_2")).toBeUndefined();
    expect(after.byCodexId("ctx_2")).toBeUndefined();
    expect(after.open().map(({ id }) => id)).toEqual(["turn_3"]);
    expect(after.size).toBe(2);
  });

  test("a view keeps what is ours to count out of sight", () => {
    const view = turnView(registry().get("turn_2")!);
    expect(view).toEqual({
      id: "turn_2",
      sessionId: "ses_2",
      state: "running",
      origin: "client",
      createdAt: AT,
      startedAt: AT,
      codexTurnId: "ctx_2",
    });
  });
});
