import { expect, test } from "vitest";
import { findInconsistencies } from "../../src/index.ts";
import type { Acknowledged, Evidence, LedgerEvent } from "../../src/index.ts";

const event = (seq: number, type: string, more: Partial<LedgerEvent> = {}): LedgerEvent => ({
  seq,
  type,
  data: {},
  ...more,
});
const ofTurn = (seq: number, type: string): LedgerEvent => event(seq, type, { turnId: "turn_1" });
const ack = (method: string, path: string, body: unknown): Acknowledged => ({ method, path, status: 202, body });

const STORED = [
  event(1, "session.created", { sessionId: "ses_1" }),
  ofTurn(2, "turn.accepted"),
  ofTurn(3, "turn.started"),
  ofTurn(4, "item.delta"),
  ofTurn(5, "turn.completed"),
];

function faults(o: Partial<Evidence> & { stored: LedgerEvent[] }): string[] {
  const seen = o.stored.map((e) => ({ event: e, connection: 1 }));
  return findInconsistencies({ seen, acknowledged: [], oldestSeq: 1, openTurnsAllowed: false, ...o });
}

test("a whole life has no fault", () => {
  const acknowledged = [
    ack("POST", "/v1/codexd/sessions", { session: { id: "ses_1" } }),
    ack("POST", "/v1/codexd/sessions/ses_1/turns", { turn: { id: "turn_1" } }),
  ];
  expect(faults({ stored: STORED, acknowledged })).toEqual([]);
});

test("a number left out needs a log.gap that names exactly it", () => {
  const gap = (from: number, to: number) => [event(1, "a"), event(7, "log.gap", { data: { from, to } }), event(8, "b")];
  expect(faults({ stored: gap(2, 6) })).toEqual([]);
  expect(faults({ stored: gap(2, 5) })).toEqual(["stored: 7 (log.gap) follows 1 without a log.gap that says so"]);
  expect(faults({ stored: [event(1, "a"), event(3, "b")] })).toHaveLength(1);
  expect(faults({ stored: [event(2, "a"), event(2, "b")], seen: [] })).toHaveLength(1);
});

test("what was seen must be stored as it was seen, and all of it shown", () => {
  const show = (...events: LedgerEvent[]) => events.map((e) => ({ event: e, connection: 1 }));
  expect(faults({ stored: STORED, seen: show(event(9, "x")) })).toEqual(["seen but not stored: 9 (x)"]);
  expect(faults({ stored: STORED, seen: show(event(1, "other")) })).toEqual(["seen otherwise than stored: 1 (other)"]);
  expect(faults({ stored: STORED, seen: show(STORED[0]!, STORED[2]!) })).toEqual([
    "stored but never shown: 2 (turn.accepted)",
  ]);
  expect(faults({ stored: STORED.slice(3), seen: show(STORED[0]!, ...STORED.slice(3)), oldestSeq: 4 })).toEqual([]);
});

test("numbers rise within a connection; a second connection may repeat", () => {
  const twice = (connection: number) => [
    { event: STORED[0]!, connection: 1 },
    { event: STORED[1]!, connection: 1 },
    { event: STORED[1]!, connection },
  ];
  expect(faults({ stored: STORED, seen: twice(2) })).toEqual([]);
  expect(faults({ stored: STORED, seen: twice(1) })).toEqual(["connection 1: 2 came after 2"]);
});

test.each([
  ["POST", "/v1/codexd/sessions", { session: { id: "ses_9" } }],
  ["POST", "/v1/codexd/turn", { turn: { id: "turn_9" } }],
  ["POST", "/v1/codexd/sessions/ses_1/turns", { turn: { id: "turn_9" } }],
  ["POST", "/v1/codexd/runs", { run: { id: "crun_9" } }],
  ["POST", "/v1/codexd/approvals/apr_9", {}],
  ["DELETE", "/v1/codexd/sessions/ses_1", {}],
])("an acknowledged %s %s that left no trace is lost", (method, path, body) => {
  expect(faults({ stored: STORED, acknowledged: [ack(method, path, body)] })).toHaveLength(1);
});

test("a turn ends exactly once and nothing comes after", () => {
  expect(faults({ stored: STORED.slice(0, 4) })).toEqual(["turn turn_1 was accepted and never ended"]);
  expect(faults({ stored: STORED.slice(0, 4), openTurnsAllowed: true })).toEqual([]);
  expect(faults({ stored: [...STORED, ofTurn(6, "turn.failed")] })).toEqual(["turn turn_1 has 2 terminal events"]);
  expect(faults({ stored: [...STORED, ofTurn(6, "item.delta")] })).toEqual([
    "turn turn_1: item.delta (6) after its end",
  ]);
  const resolved = [6, 7].map((seq) => event(seq, "approval.resolved", { approvalId: "apr_1" }));
  expect(faults({ stored: [...STORED, ...resolved] })).toEqual(["approval apr_1 was resolved 2 times"]);
});

test("a run begins and ends beside its turn", () => {
  const ofRun = (seq: number, type: string, codexRunId = "crun_1"): LedgerEvent =>
    event(seq, type, { turnId: "turn_1", codexRunId });
  const begun = [ofRun(1, "turn.accepted"), ofRun(2, "run.accepted"), ofTurn(3, "turn.started")];
  const whole = [...begun, ofRun(4, "turn.lost"), ofRun(5, "run.lost")];
  const acknowledged = [ack("POST", "/v1/codexd/runs", { run: { id: "crun_1" } })];
  expect(faults({ stored: whole, acknowledged })).toEqual([]);
  expect(faults({ stored: [...begun, ofRun(4, "turn.lost")] })).toEqual([
    "run crun_1: turn.lost (4) has no run.lost beside it",
  ]);
  expect(faults({ stored: [...begun, ofRun(4, "turn.lost"), ofRun(5, "run.failed")] })).toHaveLength(2);
  expect(faults({ stored: [...begun, ofRun(4, "turn.lost"), ofRun(5, "run.lost", "crun_2")] })).toHaveLength(2);
});
