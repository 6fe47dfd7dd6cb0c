import { setTimeout as sleep } from "node:timers/promises";
import {
  type Approval,
  ApprovalReply,
  type CreateSession,
  type Session,
  SessionReply,
  type StartTurn,
  type Turn,
  type TurnDetail,
  TurnDetailReply,
  TurnReply,
} from "@baa/contracts";
import type { LedgerEvent, PlainReply } from "@baa/test-kit";
import { expect } from "vitest";
import type { System } from "./system.ts";

/** What driving needs of a system, whatever stands behind its codexd. */
export type Driven = Pick<System, "codexd" | "ledger">;

const SESSIONS = "/v1/codexd/sessions";

/** Creates a session; fails the test unless it is 201. */
export async function createSession(system: Driven, body: CreateSession = {}): Promise<Session> {
  const reply = await system.ledger.post(SESSIONS, body);
  expect([reply.status, reply.text]).toEqual([201, expect.any(String)]);
  return SessionReply.parse(reply.json).session;
}

export async function readSession(system: Driven, id: string): Promise<Session> {
  return SessionReply.parse((await system.codexd.request("GET", `${SESSIONS}/${id}`)).json).session;
}

export const turnsPath = (sessionId: string): string => `${SESSIONS}/${sessionId}/turns`;
export const turnPath = (turn: { id: string; sessionId: string }): string => `${turnsPath(turn.sessionId)}/${turn.id}`;

/** Starts a turn; fails the test unless it is 202. */
export async function startTurn(
  system: Driven,
  sessionId: string,
  input: StartTurn["input"],
  more: Partial<StartTurn> = {},
): Promise<Turn> {
  const reply = await system.ledger.post(turnsPath(sessionId), { input, ...more });
  expect([reply.status, reply.text]).toEqual([202, expect.any(String)]);
  return TurnReply.parse(reply.json).turn;
}

/** The turn with its content; `waitMs` waits for its end. */
export async function readTurn(
  system: Driven,
  turn: { id: string; sessionId: string },
  waitMs = 0,
): Promise<TurnDetail> {
  const reply = await system.codexd.request("GET", `${turnPath(turn)}?waitMs=${waitMs}`);
  return TurnDetailReply.parse(reply.json).turn;
}

/** Starts a turn and waits for its end. */
export async function runTurn(system: Driven, sessionId: string, input: string): Promise<TurnDetail> {
  const turn = await startTurn(system, sessionId, input);
  await system.ledger.waitForEnd(turn.id);
  return readTurn(system, turn);
}

export async function readApproval(system: Driven, id: string): Promise<Approval> {
  return ApprovalReply.parse((await system.codexd.request("GET", `/v1/codexd/approvals/${id}`)).json).approval;
}

export const decide = (system: Driven, id: string, body: Record<string, unknown>): Promise<PlainReply> =>
  system.ledger.post(`/v1/codexd/approvals/${id}`, body);

/** The event of a turn with this type, seen or to come. */
export const turnEvent = (system: Driven, turnId: string, type: string): Promise<LedgerEvent> =>
  system.ledger.waitFor((event) => event.turnId === turnId && event.type === type);

/** The text that readers were shown of a turn, delta by delta. */
export const shownText = (system: Driven, turnId: string): string =>
  system.ledger
    .events()
    .filter((event) => event.turnId === turnId && event.type === "item.delta" && event.data["channel"] === "text")
    .map((event) => String(event.data["delta"]))
    .join("");

/** Waits until a condition of the machine (a file, a process) holds; for what sends no event. */
export async function until(what: string, condition: () => boolean, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(10);
  }
}

/** What a problem reply says, for comparing. */
export const problemOf = (reply: PlainReply): { status: number; code: unknown } => ({
  status: reply.status,
  code: (reply.json as { code?: unknown } | undefined)?.code,
});
