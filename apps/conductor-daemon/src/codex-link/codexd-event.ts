import type { FeedEvent } from "@baa/contracts";
import type { OutboxInput } from "../store/outbox.ts";

/**
 * What conductor keeps of an event's data, by the family of its type. Names, states and numbers; never what somebody
 * wrote or what a command said: codexd alone holds the text, so that forgetting a session there forgets it.
 */
const KEPT: Readonly<Record<string, readonly string[]>> = {
  session: ["sessionId", "reason"],
  turn: ["origin", "codexTurnId", "reason", "usage", "inputId", "consumed"],
  run: ["reason", "usage"],
  approval: ["kind", "itemId", "decisions", "expiresAt", "decision", "by", "scope", "reason"],
  usage: ["usage", "total", "last"],
  child: ["generation", "pid", "version", "code", "signal", "lastSeq"],
  log: ["from", "to"],
};
const SESSION_KEPT = ["id", "threadId", "state", "purpose", "durable", "createdAt", "updatedAt"];
const ERROR_KEPT = ["code", "retryable"];

/** A followed event as an event of conductor's feed; `data.codexd` says where it stands in codexd's log. */
export const toOutbox = (event: FeedEvent, logId: string): OutboxInput => {
  const family = event.type.split(".")[0] ?? "";
  const { session, error } = event.data;
  return {
    at: event.at,
    type: event.type,
    sessionId: event.sessionId,
    turnId: event.turnId,
    codexRunId: event.codexRunId,
    approvalId: event.approvalId,
    data: {
      ...pick(event.data, KEPT[family] ?? []),
      ...(isRecord(session) ? { session: pick(session, SESSION_KEPT) } : {}),
      ...(isRecord(error) ? { error: pick(error, ERROR_KEPT) } : {}),
      codexd: { logId, seq: event.seq },
    },
  };
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const pick = (from: Record<string, unknown>, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));
