import { describe, expect, test } from "vitest";
import { REQUEST, setUp } from "../support/approval-service.ts";
import { AT } from "../support/journal.ts";
import { event, RUNNING } from "../support/records.ts";

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
