import { describe, expect, test } from "vitest";
import { Journal } from "../../src/journal/journal.ts";
import { Registries } from "../../src/registry/registries.ts";
import { REQUEST, setUp } from "../support/approval-service.ts";
import { FakeLog } from "../support/fake-log.ts";
import { AT } from "../support/journal.ts";
import { RUNNING } from "../support/records.ts";

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
