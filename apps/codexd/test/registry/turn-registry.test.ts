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

describe("queued turns", () => {
  const queued = (turnId: string, sessionId = "ses_1"): NewEvent => accepted({ turnId, sessionId }, { queued: true });
  const ids = (turns: readonly { id: string }[]): string[] => turns.map(({ id }) => id);

  test("are open and not in progress, until they are forwarded", () => {
    const registry = fold([accepted(), queued("turn_2"), queued("turn_3")]);
    expect([registry.openCount, registry.activeCount, registry.queuedCount]).toEqual([3, 1, 2]);
    expect(ids(registry.queuedOf("ses_1"))).toEqual(["turn_2", "turn_3"]);
    const later = fold([queued("turn_2"), queued("turn_3"), forwarding({ turnId: "turn_2" })]);
    expect([later.openCount, later.activeCount, later.queuedCount]).toEqual([2, 1, 1]);
    expect(later.get("turn_2")).not.toHaveProperty("queued");
  });

  test("hold what the log must keep", () => {
    const registry = fold([queued("turn_2"), accepted(), event("turn.completed")]);
    expect(registry.oldestOpenSeq).toBe(1);
  });

  test("are first in line when nothing else of their session is in progress, the longest accepted first", () => {
    const before = [
      queued("turn_b", "ses_2"),
      accepted(),
      queued("turn_2"),
      queued("turn_a", "ses_3"),
      queued("turn_c", "ses_2"),
    ];
    expect(ids(fold(before).queueHeads())).toEqual(["turn_b", "turn_a"]);
    expect(ids(fold([...before, event("turn.failed")]).queueHeads())).toEqual(["turn_b", "turn_2", "turn_a"]);
    const cancelled = event("turn.interrupted", {}, { sessionId: "ses_2", turnId: "turn_b" });
    expect(ids(fold([...before, cancelled]).queueHeads())).toEqual(["turn_a", "turn_c"]);
  });

  test("leave the queue by their end, and with their session", () => {
    const gone = fold([queued("turn_2"), event("turn.interrupted", {}, { turnId: "turn_2" })]);
    expect([gone.queuedCount, gone.openCount, gone.get("turn_2")?.queued]).toEqual([0, 0, undefined]);
    const deleted = fold([queued("turn_2"), event("session.deleted")]);
    expect([deleted.queuedCount, deleted.openCount, ids(deleted.queueHeads())]).toEqual([0, 0, []]);
  });

  test("keep their order through a checkpoint", () => {
    const registry = fold([queued("turn_9"), queued("turn_2"), queued("turn_5")]);
    const loaded = new TurnRegistry();
    loaded.load(JSON.parse(JSON.stringify(registry.entries())) as unknown[], 3);
    expect(ids(loaded.queuedOf("ses_1"))).toEqual(["turn_9", "turn_2", "turn_5"]);
    expect([loaded.openCount, loaded.queuedCount, loaded.oldestOpenSeq]).toEqual([3, 3, 1]);
  });
});

describe("runs", () => {
  const RUN = { sessionId: "ses_1", turnId: "turn_1", codexRunId: "crun_1" };
  const ofRun = (type: string, data: Record<string, unknown> = {}): NewEvent => ({ type, ...RUN, data });
  const BEGUN = [ofRun("turn.accepted", { outputSchema: { type: "string" } }), ofRun("run.accepted")];
  const torn = (events: readonly NewEvent[]): string[] =>
    fold(events)
      .tornRuns()
      .map(({ id }) => id);

  test("are found by their id and listed; the schema stays in the log", () => {
    const registry = fold([...BEGUN, accepted({ turnId: "turn_2" })]);
    expect(registry.byRun("crun_1")).toMatchObject({ id: "turn_1", codexRunId: "crun_1", hasOutputSchema: true });
    expect(registry.byRun("crun_2")).toBeUndefined();
    expect([...registry.runIds.newestFirst()]).toEqual(["crun_1"]);
    expect(JSON.stringify(registry.entries())).not.toContain("string");
    expect(turnView(registry.get("turn_1")!)).toEqual({
      id: "turn_1",
      sessionId: "ses_1",
      codexRunId: "crun_1",
      state: "accepted",
      origin: "client",
      createdAt: AT,
    });
  });

  test("lack an event of theirs when a crash came between it and their turn's", () => {
    expect(torn(BEGUN.slice(0, 1))).toEqual(["turn_1"]);
    expect(torn(BEGUN)).toEqual([]);
    expect(torn([...BEGUN, event("turn.failed")])).toEqual(["turn_1"]);
    expect(torn([...BEGUN, event("turn.failed"), ofRun("run.failed")])).toEqual([]);
    expect(torn([accepted(), event("turn.failed")])).toEqual([]);
  });

  test("survive a checkpoint, and go with their session", () => {
    const registry = fold([...BEGUN, event("turn.failed")]);
    const loaded = new TurnRegistry();
    loaded.load(JSON.parse(JSON.stringify(registry.entries())) as unknown[], 3);
    expect(loaded.byRun("crun_1")?.state).toBe("failed");
    expect(loaded.tornRuns()).toHaveLength(1);
    loaded.apply({ type: "session.deleted", sessionId: "ses_1", at: AT, seq: 4, data: {} });
    expect(loaded.byRun("crun_1")).toBeUndefined();
    expect([...loaded.runIds.newestFirst()]).toEqual([]);
    expect(loaded.tornRuns()).toEqual([]);
  });
});
