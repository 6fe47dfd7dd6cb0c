import { describe, expect, it } from "vitest";
import {
  ApprovalId,
  ApprovalList,
  CodexdStatus,
  ControlFrame,
  CreateSession,
  DecideApproval,
  EmptyBody,
  EventsPage,
  EventsQuery,
  FeedEvent,
  ForeignId,
  ID_PREFIXES,
  isTerminalTurnState,
  SessionId,
  SessionListQuery,
  SessionReply,
  SetReason,
  StartTurn,
  StartTurnInSession,
  TURN_STATES,
  TurnDetailReply,
  TurnId,
  TurnReadQuery,
} from "../src/index.ts";

const HEX = "0190a1b2c3d4e5f60718293a4b5c6d7e";
const AT = "2026-11-22T10:00:00.000Z";
const fits = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown): boolean =>
  schema.safeParse(value).success;

describe("ids", () => {
  it("have the prefixes of the architecture, each its own", () => {
    expect(ID_PREFIXES).toEqual({
      session: "ses_",
      turn: "turn_",
      codexRun: "crun_",
      approval: "apr_",
      file: "file_",
      task: "task_",
      run: "run_",
      step: "step_",
      command: "cmd_",
      delivery: "dlv_",
      firefoxClient: "ffx_",
      pairing: "pair_",
    });
    const prefixes = Object.values(ID_PREFIXES);
    for (const one of prefixes) expect(prefixes.filter((other) => other.startsWith(one))).toEqual([one]);
  });

  it("are a prefix and 32 hex digits, nothing before, after or instead", () => {
    expect([fits(SessionId, `ses_${HEX}`), fits(TurnId, `turn_${HEX}`), fits(ApprovalId, `apr_${HEX}`)]).toEqual([
      true,
      true,
      true,
    ]);
    const wrong = [
      "",
      "ses_",
      HEX,
      `turn_${HEX}`,
      `ses_${HEX}0`,
      `ses_${HEX.slice(1)}`,
      ` ses_${HEX}`,
      `ses_${HEX}\n`,
      `ses_${HEX.toUpperCase()}`,
      "ses_../../etc",
      null,
      5,
    ];
    for (const id of wrong) expect(fits(SessionId, id)).toBe(false);
    expect(SessionId.safeParse("x").error?.issues[0]?.message).toBe("must be ses_ and 32 hex digits");
  });

  it("of the child are bounded and safe in paths", () => {
    expect(fits(ForeignId, "0199-abc_DEF")).toBe(true);
    for (const id of ["", "a/b", "..", "a b", "x".repeat(65), "a\n"]) expect(fits(ForeignId, id)).toBe(false);
  });
});

describe("requests", () => {
  it("CreateSession takes nothing, or each of its fields within bounds", () => {
    expect(CreateSession.parse({})).toEqual({});
    const full = {
      cwd: "/tmp/x",
      title: "t",
      purpose: "worker",
      model: "m",
      sandbox: "read-only",
      approvalPolicy: "untrusted",
      threadId: "th",
      metadata: { a: "b" },
    };
    expect(CreateSession.parse(full)).toEqual(full);
    const wrong = [
      { cwd: "" },
      { purpose: "Big" },
      { purpose: "../x" },
      { sandbox: "none" },
      { approvalPolicy: "always" },
      { threadId: "a/b" },
      { metadata: { a: 1 } },
      { id: "x" },
    ];
    for (const body of wrong) expect(fits(CreateSession, body)).toBe(false);
  });

  it("StartTurn takes a string or text items, and rejects when busy by default", () => {
    expect(StartTurn.parse({ input: "hi" })).toEqual({ input: "hi", ifBusy: "reject" });
    expect(fits(StartTurn, { input: [{ type: "text", text: "hi" }], timeoutMs: 1000 })).toBe(true);
    const items = (count: number) => Array.from({ length: count }, () => ({ type: "text", text: "x" }));
    expect(fits(StartTurn, { input: items(64) })).toBe(true);
    const wrong = [
      {},
      { input: "" },
      { input: [] },
      { input: items(65) },
      { input: [{ type: "image", url: "x" }] },
      { input: [{ type: "text", text: "x", more: 1 }] },
      { input: "x", ifBusy: "wait" },
      { input: "x", timeoutMs: 999 },
      { input: "x", timeoutMs: 1000.5 },
      { input: "x", sessionId: `ses_${HEX}` },
    ];
    for (const body of wrong) expect(fits(StartTurn, body)).toBe(false);
  });

  it("the short form differs from it by the session alone", () => {
    expect(StartTurnInSession.parse({ sessionId: `ses_${HEX}`, input: "hi" })).toEqual({
      sessionId: `ses_${HEX}`,
      input: "hi",
      ifBusy: "reject",
    });
    expect(fits(StartTurnInSession, { input: "hi" })).toBe(false);
    expect(Object.keys(StartTurnInSession.unwrap().shape).toSorted()).toEqual(
      ["sessionId", ...Object.keys(StartTurn.unwrap().shape)].toSorted(),
    );
  });

  it("DecideApproval knows the decisions and bounds what comes with them", () => {
    expect(fits(DecideApproval, { decision: "accept", note: "ok" })).toBe(true);
    expect(fits(DecideApproval, { decision: "answer", answers: { q1: ["a", "b"] } })).toBe(true);
    const wrong = [
      {},
      { decision: "yes" },
      { decision: "accept", note: "x".repeat(2001) },
      { decision: "answer", answers: { q1: "a" } },
      { decision: "accept", by: "policy" },
    ];
    for (const body of wrong) expect(fits(DecideApproval, body)).toBe(false);
  });

  it("the note of a reason is a text that can be stored: no NUL, no half of a character", () => {
    expect(fits(SetReason, { note: "lunch\nuntil one 🦊" })).toBe(true);
    for (const note of ["x".repeat(513), "a\0b", "\ud83e"]) expect(fits(SetReason, { note })).toBe(false);
  });

  it("an empty body is nothing or an empty object", () => {
    expect([fits(EmptyBody, undefined), fits(EmptyBody, {}), fits(EmptyBody, { a: 1 }), fits(EmptyBody, null)]).toEqual(
      [true, true, false, false],
    );
  });

  it("queries have their defaults and limits", () => {
    expect(SessionListQuery.parse({})).toEqual({ limit: 50 });
    expect(EventsQuery.parse({ after: "a:5", waitMs: "100" })).toEqual({ after: "a:5", limit: 500, waitMs: 100 });
    expect(TurnReadQuery.parse({})).toEqual({ waitMs: 0 });
    expect([
      fits(EventsQuery, { limit: 0 }),
      fits(EventsQuery, { limit: 10_001 }),
      fits(EventsQuery, { waitMs: 60_001 }),
    ]).toEqual([false, false, false]);
  });
});

describe("replies", () => {
  const session = {
    id: `ses_${HEX}`,
    state: "idle",
    durable: false,
    cwd: "/x",
    cwdOwned: true,
    purpose: "chat",
    createdAt: AT,
    updatedAt: AT,
  };
  const turn = { id: `turn_${HEX}`, sessionId: `ses_${HEX}`, state: "completed", origin: "client", createdAt: AT };

  it("keep what they do not know, outside and inside", () => {
    const reply = { session: { ...session, added: { deep: [1] } }, alsoAdded: 1 };
    expect(SessionReply.parse(reply)).toEqual(reply);
    const detail = {
      turn: {
        ...turn,
        text: "hi",
        items: [{ itemId: "i", type: "brandNew", state: "completed", x: 1 }],
        usage: { totalTokens: 5, newTokens: 6 },
        error: { code: "c", message: "m", retryable: true, more: 1 },
      },
    };
    expect(TurnDetailReply.parse(detail)).toEqual(detail);
    const status = {
      mode: "app-server",
      status: "ready",
      more: 1,
      child: { state: "ready", generation: 1, restarts: 0, more: 2 },
    };
    expect(CodexdStatus.parse(status)).toEqual(status);
  });

  it("refuse what lacks a field that clients rely on", () => {
    expect(fits(SessionReply, { session: { ...session, id: undefined } })).toBe(false);
    expect(fits(TurnDetailReply, { turn })).toBe(false);
    expect(fits(ApprovalList, { approvals: [], nextCursor: null })).toBe(false);
  });

  it("tell the four terminal states of a turn from the others", () => {
    expect(TURN_STATES.filter((state) => isTerminalTurnState(state))).toEqual([
      "completed",
      "failed",
      "interrupted",
      "lost",
    ]);
    expect(TURN_STATES.filter((state) => !isTerminalTurnState(state))).toEqual([
      "accepted",
      "forwarding",
      "running",
      "awaitingApproval",
    ]);
  });
});

describe("events", () => {
  const event = { seq: 1, at: AT, type: "turn.started", data: {} };

  it("pass with types, fields and data that are not known", () => {
    const newer = { ...event, type: "weather.changed", runId: "r", data: { any: { thing: [null] } } };
    expect(FeedEvent.parse(newer)).toEqual(newer);
    const page = { events: [newer], nextAfter: 1, headSeq: 1, oldestSeq: 1, logId: "a", added: true };
    expect(EventsPage.parse(page)).toEqual(page);
  });

  it("must have seq, at, type and data", () => {
    for (const key of ["seq", "at", "type", "data"])
      expect(fits(FeedEvent, { ...event, [key]: undefined })).toBe(false);
    for (const seq of ["1", 1.5, null]) expect(fits(FeedEvent, { ...event, seq })).toBe(false);
  });

  it("are told from control frames by type", () => {
    const frames = [
      { type: "hello", logId: "a", oldestSeq: 1, headSeq: 5, version: "0.1.0", snapshot: {} },
      { type: "reset", from: 9, to: 0, reason: "too_old", snapshot: null },
      { type: "heartbeat", seq: 5 },
      { type: "bye", code: 1001, lastSeq: 5 },
    ];
    for (const frame of frames) expect(ControlFrame.parse(frame)).toEqual(frame);
    for (const other of [event, { type: "weather" }, { seq: 5 }]) expect(fits(ControlFrame, other)).toBe(false);
  });
});
