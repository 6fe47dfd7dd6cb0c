import { expect, test } from "vitest";
import { foldInFlight, inFlightOf, NOTHING_IN_FLIGHT } from "../../src/model/in-flight.ts";
import type { InFlight } from "../../src/model/in-flight.ts";
import { AT, event, SESSION, TURN, turnOf } from "../support/events.ts";

const APPROVAL = { id: "apr_1", sessionId: SESSION, turnId: TURN, kind: "command", state: "pending" } as const;
const SNAPSHOT = {
  asOfSeq: 10,
  openTurns: [turnOf("awaitingApproval")],
  pendingApprovals: [{ ...APPROVAL, decisions: ["accept"], createdAt: AT, expiresAt: AT }],
};
const states = ({ turns, approvals }: InFlight) => [turns.map(({ turn }) => turn.state), approvals.map(({ id }) => id)];

test("begins with the snapshot, and goes on from there without a seam", () => {
  const open = inFlightOf(SNAPSHOT)!;
  expect(states(open)).toEqual([["awaitingApproval"], ["apr_1"]]);
  const resolved = foldInFlight(open, event(11, "approval.resolved", { decision: "accept" }, { approvalId: "apr_1" }));
  expect(states(resolved)).toEqual([["running"], []]);
  expect(foldInFlight(resolved, event(9, "turn.completed"))).toBe(resolved);
  expect(states(foldInFlight(resolved, event(12, "turn.completed")))).toEqual([[], []]);
});

test("a decided approval waits for nobody any more", () => {
  const open = inFlightOf(SNAPSHOT)!;
  expect(states(foldInFlight(open, event(11, "approval.decided", {}, { approvalId: "apr_1" })))[1]).toEqual([]);
});

test("new turns and approvals are added, once", () => {
  const data = { kind: "command", command: "rm x", decisions: ["accept", "decline"], expiresAt: AT };
  const events = [
    event(1, "turn.accepted", { input: "hi" }),
    event(2, "turn.started"),
    event(3, "approval.requested", data, { approvalId: "apr_2" }),
  ];
  const open = [...events, events[2]!].reduce(foldInFlight, NOTHING_IN_FLIGHT);
  expect(open.approvals).toEqual([
    { ...data, id: "apr_2", state: "pending", createdAt: AT, sessionId: SESSION, turnId: TURN },
  ]);
  expect(states(open)).toEqual([["awaitingApproval"], ["apr_2"]]);
});

test("no snapshot is told apart from an empty one", () => {
  expect(inFlightOf(undefined)).toBeUndefined();
  expect(inFlightOf({ openTurns: [], pendingApprovals: [] })).toEqual(NOTHING_IN_FLIGHT);
});
