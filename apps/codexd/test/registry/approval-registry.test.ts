import { describe, expect, test } from "vitest";
import type { NewEvent } from "../../src/journal/journal.ts";
import { ApprovalRegistry } from "../../src/registry/approval-registry.ts";
import { AT } from "../support/journal.ts";
import { numbered } from "../support/records.ts";

const fold = (events: readonly NewEvent[]): ApprovalRegistry => {
  const registry = new ApprovalRegistry();
  for (const each of numbered(events)) registry.apply(each);
  return registry;
};

const LATER = "2026-01-03T03:04:05.000Z";
const requested = (approvalId: string, more: Record<string, unknown> = {}): NewEvent => ({
  type: "approval.requested",
  sessionId: "ses_1",
  turnId: "turn_1",
  approvalId,
  data: {
    kind: "command",
    itemId: "i1",
    command: "rm -rf secret",
    decisions: ["accept", "decline"],
    expiresAt: LATER,
    ...more,
  },
});
const moved = (type: string, approvalId: string, data: Record<string, unknown> = {}): NewEvent => ({
  type,
  approvalId,
  data,
});

describe("approvals", () => {
  test("a request is pending, and its text is not kept", () => {
    const registry = fold([requested("apr_1")]);
    expect(registry.get("apr_1")).toEqual({
      id: "apr_1",
      phase: "pending",
      requestedSeq: 1,
      kind: "command",
      decisions: ["accept", "decline"],
      createdAt: AT,
      expiresAt: LATER,
      itemId: "i1",
      sessionId: "ses_1",
      turnId: "turn_1",
    });
    expect(JSON.stringify(registry.entries())).not.toContain("rm -rf");
  });

  test("decided, then resolved: who, what and when", () => {
    const decision = { decision: "accept", by: "client", note: "fine" };
    const registry = fold([
      requested("apr_1"),
      moved("approval.decided", "apr_1", decision),
      moved("approval.resolved", "apr_1", decision),
    ]);
    expect(registry.get("apr_1")).toMatchObject({ phase: "resolved", ...decision, resolvedAt: AT });
    expect(registry.unresolved()).toEqual([]);
    expect(fold([requested("apr_1"), moved("approval.decided", "apr_1", decision)]).get("apr_1")).not.toHaveProperty(
      "resolvedAt",
    );
  });

  test("a decided one is still unresolved", () => {
    const registry = fold([
      requested("apr_1"),
      requested("apr_2"),
      moved("approval.decided", "apr_1", { decision: "accept" }),
    ]);
    expect(registry.unresolved().map(({ id }) => id)).toEqual(["apr_1", "apr_2"]);
  });

  test("the first resolution stands", () => {
    const registry = fold([
      requested("apr_1"),
      moved("approval.resolved", "apr_1", { decision: "decline", by: "system", reason: "expired" }),
      moved("approval.resolved", "apr_1", { decision: "accept", by: "client" }),
      moved("approval.decided", "apr_1", { decision: "accept", by: "client" }),
    ]);
    expect(registry.get("apr_1")).toMatchObject({
      phase: "resolved",
      decision: "decline",
      by: "system",
      resolvedReason: "expired",
    });
  });

  test("events of approvals that are not known do nothing", () => {
    const registry = fold([moved("approval.resolved", "apr_9"), { type: "approval.requested", data: {} }]);
    expect(registry.entries()).toEqual([]);
    expect(registry.appliedSeq).toBe(2);
  });

  test("a deleted session takes its approvals with it", () => {
    const other = { ...requested("apr_2"), sessionId: "ses_2" };
    const registry = fold([requested("apr_1"), other, { type: "session.deleted", sessionId: "ses_1", data: {} }]);
    expect(registry.get("apr_1")).toBeUndefined();
    expect(registry.unresolved().map(({ id }) => id)).toEqual(["apr_2"]);
    expect([...registry.ids.newestFirst()]).toEqual(["apr_2"]);
  });

  test("of resolved ones the newest 10,000 are kept; pending ones are never forgotten", () => {
    const registry = new ApprovalRegistry();
    const id = (index: number): string => `apr_${String(index).padStart(6, "0")}`;
    let seq = 0;
    const apply = (event: NewEvent): void => registry.apply({ ...event, at: AT, seq: (seq += 1) });
    apply(requested("apr_"));
    for (let index = 0; index < 10_001; index += 1) {
      apply(requested(id(index)));
      apply(moved("approval.resolved", id(index)));
    }
    expect(registry.get("apr_")?.phase).toBe("pending");
    expect(registry.get(id(0))).toBeUndefined();
    expect(registry.get(id(1))?.phase).toBe("resolved");
    expect(registry.ids.size).toBe(10_001);
  });
});
