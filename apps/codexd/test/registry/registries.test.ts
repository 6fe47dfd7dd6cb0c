import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { NewEvent } from "../../src/journal/journal.ts";
import type { StoredEvent } from "../../src/registry/records.ts";
import { isFolded, Registries } from "../../src/registry/registries.ts";
import { AT } from "../support/journal.ts";
import { accepted, created, event, forwarding, numbered, SESSION, started } from "../support/records.ts";

const fold = (events: readonly NewEvent[]): Registries => {
  const registries = new Registries();
  for (const each of numbered(events)) registries.apply(each);
  return registries;
};
const viewOf = (...events: NewEvent[]) => {
  const registries = fold([created(), ...events]);
  return registries.sessionView(registries.sessions.get("ses_1")!);
};

describe("a session as clients see it", () => {
  test("idle, with the stored fields", () => {
    expect(viewOf()).toEqual({ ...SESSION, state: "idle" });
  });
  test("running from the acceptance of a turn to its end", () => {
    expect(viewOf(accepted())).toMatchObject({ state: "running", activeTurnId: "turn_1" });
    expect(viewOf(accepted(), forwarding(), started())).toMatchObject({ state: "running", activeTurnId: "turn_1" });
    const ended = viewOf(accepted(), forwarding(), started(), event("turn.completed"));
    expect(ended.state).toBe("idle");
    expect(ended).not.toHaveProperty("activeTurnId");
  });
  test("awaitingApproval while its turn waits", () => {
    const asked = event("approval.requested", {}, { approvalId: "apr_1" });
    expect(viewOf(accepted(), forwarding(), started(), asked).state).toBe("awaitingApproval");
  });
  test("with a queue: the turn in progress, and how many wait", () => {
    const queued = (turnId: string) => accepted({ turnId }, { queued: true });
    expect(viewOf(accepted(), queued("turn_2"), queued("turn_3"))).toMatchObject({
      state: "running",
      activeTurnId: "turn_1",
      queuedTurns: 2,
    });
    const own = accepted({ turnId: "turn_own" }, { origin: "codex" });
    expect(viewOf(queued("turn_2"), own)).toMatchObject({ activeTurnId: "turn_own", queuedTurns: 1 });
  });
  test("with nothing before its queue: busy, and its turn is the next one", () => {
    const view = viewOf(accepted({}, { queued: true }), accepted({ turnId: "turn_2" }, { queued: true }));
    expect(view).toMatchObject({ state: "running", activeTurnId: "turn_1", queuedTurns: 2 });
  });
  test("what is derived is not stored when a view comes back in an event", () => {
    const view = viewOf(accepted(), accepted({ turnId: "turn_2" }, { queued: true }));
    const registries = fold([created(), event("session.updated", { session: view })]);
    expect(registries.sessions.get("ses_1")).toEqual(SESSION);
  });
  test("archived only while nothing runs", () => {
    const archived = event("session.updated", { session: { ...SESSION, archived: true } });
    expect(viewOf(archived).state).toBe("archived");
    expect(viewOf(archived, accepted()).state).toBe("running");
  });
});

test("deltas and verbatim notifications change no registry; everything else may", () => {
  expect(["item.delta", "codex.notification"].map(isFolded)).toEqual([false, false]);
  const folded = [
    "turn.accepted",
    "item.started",
    "item.completed",
    "item.discarded",
    "usage.updated",
    "approval.resolved",
    "session.deleted",
    "log.gap",
  ];
  expect(folded.every(isFolded)).toBe(true);
});

test("each registry passes over what it has applied already", () => {
  const registries = new Registries();
  registries.sessions.load([{ kind: "session", record: { ...SESSION, title: "newer" } }], 5);
  for (const each of numbered([created(), accepted()])) registries.apply(each);
  expect(registries.sessions.get("ses_1")?.title).toBe("newer");
  expect(registries.turns.get("turn_1")?.state).toBe("accepted");
  expect(registries.appliedSeq).toBe(2);
});

/** Events in any order, over few ids, so that they meet; a Codex id belongs to one turn as translation sees to. */
const anyEvent: fc.Arbitrary<NewEvent> = fc
  .record({
    type: fc.constantFrom(
      "session.created",
      "session.updated",
      "session.deleted",
      "turn.accepted",
      "turn.forwarding",
      "turn.started",
      "turn.interruptRequested",
      "turn.completed",
      "turn.failed",
      "turn.interrupted",
      "turn.lost",
      "item.started",
      "item.completed",
      "item.discarded",
      "item.delta",
      "usage.updated",
      "approval.requested",
      "approval.decided",
      "approval.resolved",
      "codex.notification",
      "child.exited",
    ),
    session: fc.constantFrom("ses_1", "ses_2"),
    turn: fc.constantFrom("1", "2", "3"),
    approval: fc.constantFrom("apr_1", "apr_2", "apr_3"),
    item: fc.constantFrom("i1", "i2"),
    keyed: fc.boolean(),
  })
  .map(({ type, session, turn, approval, item, keyed }) => ({
    type,
    sessionId: session,
    ...(type.startsWith("session") ? {} : { turnId: `turn_${session}_${turn}` }),
    ...(type.startsWith("approval") ? { approvalId: approval } : {}),
    data: {
      session: { ...SESSION, id: session, threadId: `thr_${session}`, state: "idle" },
      codexTurnId: `ctx_${session}_${turn}`,
      item: { id: item, type: "agentMessage" },
      itemId: item,
      usage: { totalTokens: 1 },
      kind: "command",
      decisions: ["accept"],
      expiresAt: AT,
      ...(keyed && isKeyed(type)
        ? { idempotency: { id: `k_${session}_${turn}`, digest: "d", status: 202, body: {} } }
        : {}),
    },
  }));

/** Replies travel in what commands do, never in what the child streams. */
const isKeyed = (type: string): boolean => /^(session|turn|approval)\./.test(type);

const pictureOf = (registries: Registries) => {
  const { sessions, turns, approvals } = registries;
  return {
    sessions: sessions.entries(),
    sessionIds: [...sessions.ids.newestFirst()],
    byThread: ["thr_ses_1", "thr_ses_2"].map((id) => sessions.byThread(id)),
    turns: turns.entries(),
    open: turns.open(),
    turnIds: ["ses_1", "ses_2"].map((id) => [...turns.idsOf(id).newestFirst()]),
    byCodexId: turns.entries().map((turn) => (turn.codexTurnId ? turns.byCodexId(turn.codexTurnId)?.id : "none")),
    approvals: approvals.entries(),
    unresolved: approvals.unresolved(),
    approvalIds: [...approvals.ids.newestFirst()],
    applied: [sessions.appliedSeq, turns.appliedSeq, approvals.appliedSeq],
  };
};

/** What a checkpoint and the next boot do: entries to JSON and back, each registry on its own. */
const reload = (registries: Registries): Registries => {
  const loaded = new Registries();
  for (const name of ["sessions", "turns", "approvals"] as const) {
    const entries = JSON.parse(JSON.stringify(registries[name].entries())) as unknown[];
    loaded[name].load(entries, registries[name].appliedSeq);
  }
  return loaded;
};

test("property: a checkpoint anywhere, loaded, and the rest applied, is the same as all applied", () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 60 }), fc.nat(60), (events, at) => {
      const stored: StoredEvent[] = numbered(events);
      const whole = new Registries();
      for (const each of stored) whole.apply(each);
      const before = new Registries();
      for (const each of stored.slice(0, at)) before.apply(each);
      const loaded = reload(before);
      for (const each of stored.slice(at)) loaded.apply(each);
      expect(pictureOf(loaded)).toEqual(pictureOf(whole));
    }),
    { numRuns: 300 },
  );
});

test("property: leaving out what is not folded gives the same registries", () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
      const stored = numbered(events);
      const whole = new Registries();
      for (const each of stored) whole.apply(each);
      const tail = new Registries();
      for (const each of stored) if (isFolded(each.type)) tail.apply(each);
      const { applied: _all, ...picture } = pictureOf(whole);
      const { applied: _tail, ...tailPicture } = pictureOf(tail);
      expect(tailPicture).toEqual(picture);
    }),
  );
});
