import { describe, expect, test } from "vitest";
import { endTurnEvents, tornRunEvents, turnErrorOf } from "../../src/events/turn-end.ts";
import type { TurnRecord } from "../../src/registry/records.ts";
import { RUNNING_TURN as TURN } from "../support/running-turn.ts";

const IDS = { sessionId: "ses_1", turnId: "turn_1" };

describe("endTurnEvents", () => {
  test("only what is known stands in the end", () => {
    expect(endTurnEvents(TURN, { status: "lost" })).toEqual([{ type: "turn.lost", ...IDS, data: {} }]);
    const error = { code: "c", message: "m", retryable: false };
    expect(endTurnEvents(TURN, { status: "failed", reason: "r", error })).toEqual([
      { type: "turn.failed", ...IDS, data: { reason: "r", error } },
    ]);
  });
  test("the usage given, else the turn's last one", () => {
    const turn = { ...TURN, usage: { totalTokens: 1 } };
    expect(endTurnEvents(turn, { status: "completed" })[0]?.data).toEqual({ usage: { totalTokens: 1 } });
    expect(endTurnEvents(turn, { status: "completed", usage: { totalTokens: 2 } })[0]?.data).toEqual({
      usage: { totalTokens: 2 },
    });
  });
  test("a run ends with its turn, in the same words", () => {
    const ids = { ...IDS, codexRunId: "crun_1" };
    const turn: TurnRecord = { ...TURN, codexRunId: "crun_1", openItems: [{ itemId: "i1", type: "plan" }] };
    expect(endTurnEvents(turn, { status: "lost", reason: "not_found" })).toEqual([
      { type: "item.discarded", ...IDS, data: { itemId: "i1", reason: "ended" } },
      { type: "turn.lost", ...ids, data: { reason: "not_found" } },
      { type: "run.lost", ...ids, data: { reason: "not_found" } },
    ]);
  });
  test("open items first", () => {
    const turn = { ...TURN, openItems: [{ itemId: "i1", type: "agentMessage" }] };
    expect(endTurnEvents(turn, { status: "completed" }).map(({ type }) => type)).toEqual([
      "item.discarded",
      "turn.completed",
    ]);
  });
});

describe("turnErrorOf: the final codexErrorInfo of each provider failure (facts, section 4)", () => {
  const cases = [
    ["internalServerError", "internal_server_error", true],
    [{ httpConnectionFailed: { httpStatusCode: 503 } }, "http_connection_failed", true],
    [{ responseTooManyFailedAttempts: { httpStatusCode: 429 } }, "response_too_many_failed_attempts", true],
    [{ responseStreamConnectionFailed: { httpStatusCode: null } }, "response_stream_connection_failed", true],
    [{ responseStreamDisconnected: { httpStatusCode: null } }, "response_stream_disconnected", true],
    ["rateLimitExceeded", "rate_limit_exceeded", true],
    ["serverOverloaded", "server_overloaded", true],
    ["usageLimitExceeded", "usage_limit_exceeded", false],
    ["contextWindowExceeded", "context_window_exceeded", false],
    ["unauthorized", "unauthorized", false],
    ["other", "codex_error", false],
    [undefined, "codex_error", false],
    [null, "codex_error", false],
    [{}, "codex_error", false],
    [7, "codex_error", false],
    ["inventedLater", "invented_later", false],
  ] as const;
  test.each(cases)("%j -> %s, retryable %s", (codexErrorInfo, code, retryable) => {
    expect(turnErrorOf({ message: "m", codexErrorInfo })).toEqual({ code, message: "m", retryable });
  });
  test("without an error at all", () => {
    const expected = { code: "codex_error", message: "Codex gave no reason.", retryable: false };
    expect([turnErrorOf(null), turnErrorOf(undefined)]).toEqual([expected, expected]);
  });
});

describe("tornRunEvents", () => {
  const RUN: TurnRecord = { ...TURN, codexRunId: "crun_1" };
  const IDS_OF_RUN = { ...IDS, codexRunId: "crun_1" };
  const ENDED: TurnRecord = { ...RUN, state: "failed", error: { code: "c", message: "m", retryable: true } };

  test("what a crash cut off, and nothing else", () => {
    const beginning = { type: "run.accepted", ...IDS_OF_RUN, data: {} };
    const ending = { type: "run.failed", ...IDS_OF_RUN, data: { error: ENDED.error } };
    expect(tornRunEvents(RUN)).toEqual([beginning]);
    expect(tornRunEvents({ ...RUN, runPhase: "accepted" })).toEqual([]);
    expect(tornRunEvents({ ...ENDED, runPhase: "accepted" })).toEqual([ending]);
    expect(tornRunEvents(ENDED)).toEqual([beginning, ending]);
    expect(tornRunEvents({ ...ENDED, runPhase: "ended" })).toEqual([]);
    expect(tornRunEvents({ ...TURN, state: "failed" })).toEqual([]);
  });
});
