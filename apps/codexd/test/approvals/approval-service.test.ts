import type { DecideApproval } from "@baa/contracts";
import type { ProblemError } from "@baa/http";
import { describe, expect, test } from "vitest";
import { ApprovalService } from "../../src/approvals/approval-service.ts";
import { Journal, type NewEvent } from "../../src/journal/journal.ts";
import { Registries } from "../../src/registry/registries.ts";
import { FakeLog } from "../support/fake-log.ts";
import { AT, openJournal } from "../support/journal.ts";
import { fakeLogger } from "../support/logger.ts";
import { event, RUNNING } from "../support/records.ts";

const REQUEST = {
  id: 0,
  method: "item/commandExecution/requestApproval",
  params: {
    threadId: "thr_1",
    turnId: "ctx_1",
    itemId: "c1",
    command: "touch TOKEN",
    cwd: "/home/u/project",
    reason: null,
  },
  generation: 1,
};

const setUp = async (events: readonly NewEvent[] = RUNNING, other?: Journal, isExternal = false) => {
  const opened = await openJournal({ events });
  const clock = { nowMs: Date.parse(AT) };
  const told: unknown[] = [];
  const child = { alive: true, onTold: (): unknown => undefined };
  let made = 0;
  const service = new ApprovalService({
    journal: other ?? opened.journal,
    logger: fakeLogger().logger,
    ttlMs: 1000,
    execpolicyAmendments: false,
    newId: () => `apr_${(made += 1)}`,
    nowMs: () => clock.nowMs,
    redact: (value) => JSON.parse(JSON.stringify(value).replaceAll("TOKEN", "[redacted]")) as typeof value,
    respond: (id, generation, result) => {
      child.onTold();
      if (child.alive) told.push({ id, generation, result });
      return child.alive;
    },
    changesOf: (itemId) => ({ patchOf: itemId }),
    isExternal,
  });
  const codeOf = async (id: string, body: DecideApproval): Promise<string> =>
    service.decide(id, body, undefined).then(
      (approval) => approval.state,
      (error: ProblemError) => error.code,
    );
  const typesAfter = () => opened.types(events.length);
  return {
    ...opened,
    service,
    clock,
    told,
    child,
    codeOf,
    typesAfter,
    turn: () => opened.registries.turns.get("turn_1"),
  };
};

describe("a request of the child", () => {
  test("becomes approval.requested, without our secrets, and the turn waits", async () => {
    const { service, events, turn } = await setUp();
    expect(service.onChildRequest(REQUEST)).toBe("taken");
    expect((await events())[4]).toEqual({
      seq: 5,
      at: AT,
      type: "approval.requested",
      sessionId: "ses_1",
      turnId: "turn_1",
      approvalId: "apr_1",
      data: {
        kind: "command",
        itemId: "c1",
        command: "touch [redacted]",
        cwd: "/home/u/project",
        decisions: ["accept", "acceptForSession", "decline", "cancel"],
        expiresAt: "2026-01-02T03:04:06.000Z",
      },
    });
    expect(turn()?.state).toBe("awaitingApproval");
  });

  test("that we do not know is refused at once and leaves nothing", async () => {
    const { service, typesAfter } = await setUp();
    for (const method of ["item/tool/call", "constructor", ""])
      expect(service.onChildRequest({ ...REQUEST, method })).toBe("unknown");
    expect(service.onChildRequest({ ...REQUEST, params: { no: "thread" } })).toBe("unknown");
    expect(await typesAfter()).toEqual([]);
  });

  test("sent again under the same id (thread/resume does that) is the same request", async () => {
    const { service, typesAfter } = await setUp();
    service.onChildRequest(REQUEST);
    expect(service.onChildRequest(REQUEST)).toBe("taken");
    expect(await typesAfter()).toEqual(["approval.requested"]);
  });

  test("of another child under the same id is another request", async () => {
    const { service, typesAfter } = await setUp();
    service.onChildRequest(REQUEST);
    service.onChildRequest({ ...REQUEST, generation: 2 });
    expect(await typesAfter()).toEqual(["approval.requested", "approval.requested"]);
  });

  test("of a turn or thread that is not ours, or has ended, waits all the same", async () => {
    const { service, events, registries } = await setUp([...RUNNING, event("turn.completed")]);
    service.onChildRequest(REQUEST);
    service.onChildRequest({ ...REQUEST, id: 1, params: { ...REQUEST.params, threadId: "thr_x", turnId: null } });
    const asked = (await events()).slice(5);
    expect(asked[0]).toMatchObject({ sessionId: "ses_1", approvalId: "apr_1" });
    expect(asked[0]).not.toHaveProperty("turnId");
    expect(asked[1]).not.toHaveProperty("sessionId");
    expect(registries.turns.get("turn_1")?.state).toBe("completed");
    expect(service.pending()).toHaveLength(2);
  });

  test("is shown as it stands in the log", async () => {
    const { service, journal } = await setUp();
    service.onChildRequest({ ...REQUEST, method: "item/fileChange/requestApproval" });
    await journal.settled();
    expect(service.pending()).toEqual([service.view(service.get("apr_1"))]);
    expect(service.view(service.get("apr_1"))).toMatchObject({
      id: "apr_1",
      kind: "fileChange",
      state: "pending",
      changes: { patchOf: "c1" },
    });
    expect(service.view(service.get("apr_1"))).not.toHaveProperty("phase");
  });
});

describe("a decision (E9)", () => {
  test("is on disk before the child is told once, then it is resolved, and the turn goes on", async () => {
    const { service, log, child, told, typesAfter, turn, events } = await setUp();
    service.onChildRequest(REQUEST);
    let headWhenTold = 0;
    child.onTold = () => (headWhenTold = log.head());
    const approval = await service.decide("apr_1", { decision: "accept", note: "ok" }, undefined);
    expect(approval).toMatchObject({ state: "resolved", decision: "accept", by: "client", note: "ok", resolvedAt: AT });
    expect(told).toEqual([{ id: 0, generation: 1, result: { decision: "accept" } }]);
    expect(headWhenTold).toBe(6);
    expect(await typesAfter()).toEqual(["approval.requested", "approval.decided", "approval.resolved"]);
    expect((await events())[6]?.data).toEqual({ decision: "accept", by: "client", note: "ok" });
    expect(turn()?.state).toBe("running");
  });

  test("the first answer wins", async () => {
    const { service, codeOf, told } = await setUp();
    service.onChildRequest(REQUEST);
    const results = await Promise.all([
      codeOf("apr_1", { decision: "decline" }),
      codeOf("apr_1", { decision: "accept" }),
    ]);
    expect(results).toEqual(["resolved", "approval_resolved"]);
    expect(await codeOf("apr_1", { decision: "accept" })).toBe("approval_resolved");
    expect(told).toEqual([{ id: 0, generation: 1, result: { decision: "decline" } }]);
  });

  test("must be one of those offered", async () => {
    const { service, codeOf, told, typesAfter } = await setUp();
    service.onChildRequest(REQUEST);
    service.onChildRequest({
      ...REQUEST,
      id: 1,
      method: "item/tool/requestUserInput",
      params: { ...REQUEST.params, questions: [{ id: "q1" }] },
    });
    expect(await codeOf("apr_1", { decision: "acceptWithExecpolicyAmendment" })).toBe("invalid");
    expect(await codeOf("apr_1", { decision: "answer" })).toBe("invalid");
    expect(await codeOf("apr_2", { decision: "accept" })).toBe("invalid");
    expect(await codeOf("apr_2", { decision: "answer" })).toBe("invalid");
    expect(await codeOf("apr_none", { decision: "accept" })).toBe("approval_not_found");
    expect(told).toEqual([]);
    expect(await typesAfter()).toEqual(["approval.requested", "approval.requested"]);
    expect(await codeOf("apr_2", { decision: "answer", answers: { q1: ["a"] } })).toBe("resolved");
    expect(told).toEqual([{ id: 1, generation: 1, result: { answers: { q1: { answers: ["a"] } } } }]);
  });

  test("the child went away before it could be told: resolved as orphaned", async () => {
    const { service, child, events } = await setUp();
    service.onChildRequest(REQUEST);
    child.alive = false;
    expect(await service.decide("apr_1", { decision: "accept" }, undefined)).toMatchObject({
      state: "resolved",
      resolvedReason: "orphaned",
    });
    expect((await events())[6]?.data).toEqual({ decision: "accept", by: "client", reason: "orphaned" });
  });

  test.each([true, false])(
    "the reply stored for its key is the one that was given (child alive: %s)",
    async (alive) => {
      const { service, registries, child, journal } = await setUp();
      service.onChildRequest(REQUEST);
      await journal.settled();
      child.alive = alive;
      const approval = await service.decide("apr_1", { decision: "accept", note: "n" }, { id: "k", digest: "d" });
      expect(registries.sessions.reply("k")).toMatchObject({ digest: "d", status: 200 });
      expect(registries.sessions.reply("k")?.body).toEqual({ approval });
    },
  );

  test("a stop between decision and resolution: the reply is stored all the same", async () => {
    const { service, journal, registries } = await setUp();
    service.onChildRequest(REQUEST);
    journal.onEvent(({ type }) => {
      if (type === "approval.decided")
        expect(registries.sessions.reply("k")?.body).toMatchObject({
          approval: { state: "resolved", decision: "accept" },
        });
    });
    await service.decide("apr_1", { decision: "accept" }, { id: "k", digest: "d" });
    expect.assertions(1);
  });

  test("the child dies between decision and its being told: this decision resolves itself, as orphaned", async () => {
    const { service, typesAfter, events, journal, registries } = await setUp();
    service.onChildRequest(REQUEST);
    await journal.settled();
    const decided = service.decide("apr_1", { decision: "accept" }, { id: "k", digest: "d" });
    service.orphanAll();
    const approval = await decided;
    expect(registries.sessions.reply("k")?.body).toEqual({ approval });
    expect(approval).toMatchObject({ decision: "accept", by: "client", resolvedReason: "orphaned" });
    expect(await typesAfter()).toEqual(["approval.requested", "approval.decided", "approval.resolved"]);
    expect((await events()).at(-1)?.data).toMatchObject({ decision: "accept", by: "client", reason: "orphaned" });
  });

  test("the child is answered with what it sent, not with what was redacted for the log", async () => {
    const { service, told } = await setUp();
    service.onChildRequest({
      ...REQUEST,
      method: "item/permissions/requestApproval",
      params: { ...REQUEST.params, permissions: { path: "/TOKEN" } },
    });
    await service.decide("apr_1", { decision: "accept" }, undefined);
    expect(told).toEqual([{ id: 0, generation: 1, result: { permissions: { path: "/TOKEN" }, scope: "turn" } }]);
  });
});

describe("nobody decides", () => {
  test("expiry declines it, for the record first and then to the child", async () => {
    const { service, clock, told, typesAfter, registries, codeOf } = await setUp();
    service.onChildRequest(REQUEST);
    clock.nowMs += 999;
    service.expire();
    expect(told).toEqual([]);
    clock.nowMs += 1;
    service.expire();
    service.expire();
    expect(told).toEqual([{ id: 0, generation: 1, result: { decision: "decline" } }]);
    expect(registries.approvals.get("apr_1")).toMatchObject({
      phase: "resolved",
      decision: "decline",
      by: "system",
      resolvedReason: "expired",
    });
    expect(await typesAfter()).toEqual(["approval.requested", "approval.resolved"]);
    expect(await codeOf("apr_1", { decision: "accept" })).toBe("approval_resolved");
  });

  test("a decision under way does not expire", async () => {
    const { service, clock, typesAfter } = await setUp();
    service.onChildRequest(REQUEST);
    const decided = service.decide("apr_1", { decision: "accept" }, undefined);
    clock.nowMs += 5000;
    service.expire();
    expect(await decided).toMatchObject({ decision: "accept" });
    expect(await typesAfter()).toEqual(["approval.requested", "approval.decided", "approval.resolved"]);
  });

  test("the child withdraws it: ended, and the child is not told", async () => {
    const { service, told, registries } = await setUp();
    service.onChildRequest(REQUEST);
    service.withdrawn(0, 2);
    service.withdrawn(9, 1);
    expect(registries.approvals.get("apr_1")?.phase).toBe("pending");
    service.withdrawn(0, 1);
    expect(registries.approvals.get("apr_1")).toMatchObject({
      phase: "resolved",
      decision: "cancel",
      by: "system",
      resolvedReason: "ended",
    });
    expect(told).toEqual([]);
  });

  test("the child's own acknowledgement of a decision is no withdrawal", async () => {
    const { service, typesAfter, events } = await setUp();
    service.onChildRequest(REQUEST);
    const decided = service.decide("apr_1", { decision: "accept" }, undefined);
    service.withdrawn(0, 1);
    await decided;
    service.withdrawn(0, 1);
    expect(await typesAfter()).toEqual(["approval.requested", "approval.decided", "approval.resolved"]);
    expect((await events()).at(-1)?.data).toEqual({ decision: "accept", by: "client" });
  });

  test("the child is gone: all are orphaned, also one that was decided and perhaps never told", async () => {
    const { service, registries, journal } = await setUp();
    service.onChildRequest(REQUEST);
    service.onChildRequest({ ...REQUEST, id: 1 });
    journal.append([{ type: "approval.decided", approvalId: "apr_2", data: { decision: "accept", by: "client" } }]);
    service.orphanAll();
    service.orphanAll();
    expect(registries.approvals.get("apr_1")).toMatchObject({
      phase: "resolved",
      decision: "decline",
      by: "system",
      resolvedReason: "orphaned",
    });
    expect(registries.approvals.get("apr_2")).toMatchObject({
      phase: "resolved",
      decision: "accept",
      by: "client",
      resolvedReason: "orphaned",
    });
    expect(service.pending()).toEqual([]);
  });

  test("the child is gone while its request waits for space on the disk: it is orphaned when there is some", async () => {
    const log = new FakeLog();
    const registries = new Registries();
    const journal = new Journal({ log: log.port, registries, now: () => AT });
    journal.append(RUNNING);
    const { service } = await setUp([], journal);
    log.room = 0;
    service.onChildRequest(REQUEST);
    service.orphanAll();
    service.onChildRequest({ ...REQUEST, generation: 2 });
    log.free();
    expect(registries.approvals.get("apr_1")).toMatchObject({ phase: "resolved", resolvedReason: "orphaned" });
    expect(registries.approvals.get("apr_2")?.phase).toBe("pending");
  });
});

describe("lists", () => {
  test("newest first, by state and session, in pages", async () => {
    const { service, journal } = await setUp();
    for (const id of [0, 1, 2]) service.onChildRequest({ ...REQUEST, id });
    await service.decide("apr_2", { decision: "decline" }, undefined);
    await journal.settled();
    const idsOf = (query: { state?: string; sessionId?: string; cursor?: string; limit?: number }) => {
      const { rows, nextCursor } = service.list({ limit: 10, ...query });
      return [rows.map(({ id }) => id), nextCursor];
    };
    expect(idsOf({})).toEqual([["apr_3", "apr_2", "apr_1"], null]);
    expect(idsOf({ state: "pending" })).toEqual([["apr_3", "apr_1"], null]);
    expect(idsOf({ state: "resolved" })).toEqual([["apr_2"], null]);
    expect(idsOf({ sessionId: "ses_2" })).toEqual([[], null]);
    expect(idsOf({ limit: 2 })).toEqual([["apr_3", "apr_2"], "apr_2"]);
    expect(idsOf({ limit: 2, cursor: "apr_2" })).toEqual([["apr_1"], null]);
  });

  test("what may not be told yet is not among the pending ones", async () => {
    const { service, journal } = await setUp();
    service.onChildRequest(REQUEST);
    expect(service.pending()).toEqual([]);
    await journal.settled();
    expect(service.pending()).toHaveLength(1);
  });
});

describe("an app-server that outlives its connections", () => {
  const again = { ...REQUEST, generation: 2 };

  test("sends what still waits again: it is the same approval, and the answer goes over the new connection", async () => {
    const { service, told, codeOf, typesAfter } = await setUp(RUNNING, undefined, true);
    service.onChildRequest(REQUEST);
    expect(service.onChildRequest(again)).toBe("taken");
    service.orphanBefore(2);
    expect(await codeOf("apr_1", { decision: "accept" })).toBe("resolved");
    expect(told).toEqual([{ id: 0, generation: 2, result: { decision: "accept" } }]);
    expect(await typesAfter()).toEqual(["approval.requested", "approval.decided", "approval.resolved"]);
  });

  test("and does not send again what needs no answer any more: it is orphaned", async () => {
    const { service, codeOf, events } = await setUp(RUNNING, undefined, true);
    service.onChildRequest(REQUEST);
    service.orphanBefore(2);
    expect((await events()).at(-1)).toMatchObject({
      type: "approval.resolved",
      approvalId: "apr_1",
      data: { decision: "decline", by: "system", reason: "orphaned" },
    });
    expect(await codeOf("apr_1", { decision: "accept" })).toBe("approval_resolved");
  });

  test.each([
    ["another item", { ...again, params: { ...REQUEST.params, itemId: "c2" } }],
    ["another method", { ...again, method: "item/fileChange/requestApproval" }],
    ["another id", { ...again, id: 1 }],
  ])("one that began anew counts its requests from 0 too: %s is another approval", async (_name, request) => {
    const { service, typesAfter } = await setUp(RUNNING, undefined, true);
    service.onChildRequest(REQUEST);
    service.onChildRequest(request);
    expect(await typesAfter()).toEqual(["approval.requested", "approval.requested"]);
  });
});
