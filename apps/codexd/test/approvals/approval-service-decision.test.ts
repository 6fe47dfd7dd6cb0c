import { describe, expect, test } from "vitest";
import { REQUEST, setUp } from "../support/approval-service.ts";
import { AT } from "../support/journal.ts";

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
