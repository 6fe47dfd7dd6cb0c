import { type CreateSession, type Session, SessionReply, type StartTurn, type Turn, TurnReply } from "@baa/contracts";
import type { LedgerEvent, PlainReply } from "@baa/test-kit";
import { expect } from "vitest";
import type { System } from "./system.ts";

const SESSIONS = "/v1/codex/sessions";

/** Creates a session through conductor; fails the test unless it is 201. */
export async function createSession(system: System, body: CreateSession = {}): Promise<Session> {
  const reply = await system.ledger.post(SESSIONS, body);
  expect([reply.status, reply.text]).toEqual([201, expect.any(String)]);
  return SessionReply.parse(reply.json).session;
}

export const turnsPath = (sessionId: string): string => `${SESSIONS}/${sessionId}/turns`;
export const turnPath = (turn: { id: string; sessionId: string }): string => `${turnsPath(turn.sessionId)}/${turn.id}`;

/** Starts a turn through conductor; fails the test unless it is 202. */
export async function startTurn(system: System, sessionId: string, input: StartTurn["input"]): Promise<Turn> {
  const reply = await system.ledger.post(turnsPath(sessionId), { input });
  expect([reply.status, reply.text]).toEqual([202, expect.any(String)]);
  return TurnReply.parse(reply.json).turn;
}

/** The event of a turn with this type, seen through conductor or to come. */
export const turnEvent = (system: System, turnId: string, type: string): Promise<LedgerEvent> =>
  system.ledger.waitFor((event) => event.turnId === turnId && event.type === type);

/** What a problem reply says, for comparing. */
export const problemOf = (reply: PlainReply): { status: number; code: unknown } => ({
  status: reply.status,
  code: (reply.json as { code?: unknown } | undefined)?.code,
});
