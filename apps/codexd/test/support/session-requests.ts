import fs from "node:fs";
import path from "node:path";
import { type Session, SessionReply } from "@baa/contracts";
import type { PlainReply } from "@baa/test-kit";
import { expect } from "vitest";
import { createSession, problemOf, readSession, runTurn } from "./drive.ts";
import type { System } from "./system.ts";

/** Address of a session, or of a command of its own. */
export const pathOf = (id: string, command = ""): string => `/v1/codexd/sessions/${id}${command && `/${command}`}`;

/** Sends a command (archive, fork, ...) to a session. */
export const command = (of: System, id: string, name: string, body?: unknown, key?: string): Promise<PlainReply> =>
  of.ledger.post(pathOf(id, name), body ?? {}, key === undefined ? {} : { "idempotency-key": key });

/** The session that a reply brings; fails the test unless it has this status. */
export const done = async (reply: Promise<PlainReply>, status = 200): Promise<Session> => {
  const { status: got, text, json } = await reply;
  expect([got, text]).toEqual([status, expect.any(String)]);
  return SessionReply.parse(json).session;
};

/** What a reply that is a problem says. */
export const refusal = async (reply: Promise<PlainReply>) => problemOf(await reply);

/** Names of the directories in which Codex keeps a thread: outside of its archive, or in it. */
export const rolloutsOf = (of: System, threadId = "none"): string[] =>
  ["sessions", "archived_sessions"].flatMap((name) => {
    const dir = path.join(of.codexd.layout.codexHome, name);
    if (!fs.existsSync(dir)) return [];
    const files = fs.readdirSync(dir, { recursive: true, encoding: "utf8" });
    return files.filter((one) => one.endsWith(`${threadId}.jsonl`)).map(() => name);
  });

/** A session in which one turn was run. */
export const withTurn = async (of: System, marker: string, more: Parameters<typeof createSession>[1] = {}) => {
  const session = await createSession(of, more);
  const turn = await runTurn(of, session.id, marker);
  expect(turn.state).toBe("completed");
  return { session: await readSession(of, session.id), turn };
};
