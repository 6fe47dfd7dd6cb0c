import { describe, expect, test } from "vitest";
import type { TurnRecord } from "../../src/registry/records.ts";
import { judge, type Verdict } from "../../src/turns/watchdog.ts";
import { AT } from "../support/journal.ts";
import { RUNNING_TURN as TURN } from "../support/running-turn.ts";

const LIMITS = { idleTimeoutMs: 1000, noChildMs: 200, acceptedMsMax: 5000, logBytesMax: 100 };

const LEAVE: Verdict = { kind: "leave" };
const IDLE: Verdict = { kind: "interrupt", reason: "idle_timeout" };
const TIMEOUT: Verdict = { kind: "interrupt", reason: "timeout" };
const LOG_FULL: Verdict = { kind: "interrupt", reason: "log_full" };
const LOST: Verdict = { kind: "end", end: { status: "lost", reason: "no_child" } };
const NOT_STARTED: Verdict = {
  kind: "end",
  end: {
    status: "failed",
    error: { code: "not_started", message: "The turn could not be forwarded in time.", retryable: true },
  },
};

describe("what should happen to an open turn", () => {
  const cases: [
    string,
    Partial<TurnRecord>,
    { idleMs?: number; ageMs?: number; childGoneMs?: number; holdsFullLog?: boolean; isWaiting?: boolean },
    Verdict,
  ][] = [
    ["fresh", {}, {}, LEAVE],
    ["just before its idle limit", {}, { idleMs: 999 }, LEAVE],
    ["at its idle limit", {}, { idleMs: 1000 }, IDLE],
    ["old but busy", {}, { ageMs: 1_000_000, idleMs: 10 }, LEAVE],
    ["its own idle limit, longer", { idleTimeoutMs: 2000 }, { idleMs: 1999 }, LEAVE],
    ["its own idle limit, shorter", { idleTimeoutMs: 500 }, { idleMs: 500 }, IDLE],
    ["idle while an approval waits", { state: "awaitingApproval", pendingApprovals: 1 }, { idleMs: 1_000_000 }, LEAVE],
    [
      "timed out while an approval waits",
      { state: "awaitingApproval", pendingApprovals: 1, timeoutMs: 10 },
      { ageMs: 10 },
      TIMEOUT,
    ],
    ["at its timeout, busy", { timeoutMs: 300 }, { ageMs: 300 }, TIMEOUT],
    ["before its timeout", { timeoutMs: 300 }, { ageMs: 299 }, LEAVE],
    ["timed out and idle", { timeoutMs: 300 }, { ageMs: 2000, idleMs: 2000 }, TIMEOUT],
    ["holding a full log", {}, { holdsFullLog: true }, LOG_FULL],
    [
      "holding a full log while an approval waits",
      { state: "awaitingApproval", pendingApprovals: 1 },
      { holdsFullLog: true },
      LOG_FULL,
    ],
    ["holding a full log, interrupted already", { interruptRequestedAt: AT }, { holdsFullLog: true }, LEAVE],
    ["holding a full log, not forwarded yet", { state: "accepted" }, { holdsFullLog: true }, LEAVE],
    ["interrupted already", { interruptRequestedAt: AT, timeoutMs: 1 }, { ageMs: 9999, idleMs: 9999 }, LEAVE],
    ["forwarding and idle", { state: "forwarding" }, { idleMs: 1000 }, IDLE],
    ["child gone a little", {}, { childGoneMs: 199, idleMs: 9999 }, LEAVE],
    ["child gone too long", {}, { childGoneMs: 200 }, LOST],
    ["child gone too long, interrupt asked", { interruptRequestedAt: AT }, { childGoneMs: 200 }, LOST],
    ["child gone too long while forwarding", { state: "forwarding" }, { childGoneMs: 200 }, LOST],
    [
      "child gone too long while an approval waits",
      { state: "awaitingApproval", pendingApprovals: 1 },
      { childGoneMs: 200 },
      LOST,
    ],
    ["accepted, waiting for a child", { state: "accepted" }, { ageMs: 4999, childGoneMs: 4999, idleMs: 4999 }, LEAVE],
    ["queued, its turn not come", { state: "accepted", queued: true, timeoutMs: 1 }, { isWaiting: true }, LEAVE],
    ["queued without a child", { state: "accepted", queued: true }, { isWaiting: true, childGoneMs: 9999 }, LEAVE],
    [
      "queued, holding a full log",
      { state: "accepted", queued: true },
      { isWaiting: true, holdsFullLog: true },
      LOG_FULL,
    ],
    ["queued, on its way too long", { state: "accepted", queued: true }, { ageMs: 5000 }, NOT_STARTED],
    ["accepted too long", { state: "accepted" }, { ageMs: 5000 }, NOT_STARTED],
    ["accepted too long without a child", { state: "accepted" }, { ageMs: 5000, childGoneMs: 5000 }, NOT_STARTED],
  ];
  test.each(cases)("%s", (_what, turn, facts, verdict) => {
    expect(judge({ turn: { ...TURN, ...turn }, idleMs: 0, ageMs: 0, childGoneMs: 0, ...facts }, LIMITS)).toEqual(
      verdict,
    );
  });
});
