import { isTerminalTurnState, type TurnError, type Usage } from "@baa/contracts";
import type { NewEvent } from "../journal/journal.ts";
import type { TurnRecord } from "../registry/records.ts";
import type { CodexTurnError } from "./child-message.ts";
import type * as z from "zod";

export interface TurnEnd {
  readonly status: "completed" | "failed" | "interrupted" | "lost";
  readonly reason?: string;
  readonly error?: TurnError;
  readonly usage?: Usage | undefined;
}

/**
 * The events that end a turn: its dangling items are closed in the same batch, and the run that it is ends with it, so
 * nobody sees one without the other.
 */
export const endTurnEvents = (turn: TurnRecord, end: TurnEnd): NewEvent[] => {
  const ids = { sessionId: turn.sessionId, turnId: turn.id };
  const closed = turn.openItems.map((item): NewEvent => ({
    type: "item.discarded",
    ...ids,
    data: { itemId: item.itemId, reason: "ended" },
  }));
  const usage = end.usage ?? turn.usage;
  const data = {
    ...(end.reason === undefined ? {} : { reason: end.reason }),
    ...(end.error === undefined ? {} : { error: end.error }),
    ...(usage === undefined ? {} : { usage }),
  };
  return [...closed, ...endEvents(turn, end.status, data)];
};

const endEvents = (turn: TurnRecord, status: TurnEnd["status"], data: Record<string, unknown>): NewEvent[] => {
  const { id: turnId, sessionId, codexRunId } = turn;
  if (codexRunId === undefined) return [{ type: `turn.${status}`, sessionId, turnId, data }];
  const ids = { sessionId, turnId, codexRunId };
  return [
    { type: `turn.${status}`, ...ids, data },
    { type: `run.${status}`, ...ids, data },
  ];
};

/** Events of a run that a crash cut off from those of its turn: the two stand in one batch, which is not atomic. */
export const tornRunEvents = (turn: TurnRecord): NewEvent[] => {
  const { id: turnId, sessionId, codexRunId, state, runPhase, reason, error, usage } = turn;
  if (codexRunId === undefined) return [];
  const ids = { sessionId, turnId, codexRunId };
  const data = {
    ...(reason === undefined ? {} : { reason }),
    ...(error === undefined ? {} : { error }),
    ...(usage === undefined ? {} : { usage }),
  };
  return [
    ...(runPhase === undefined ? [{ type: "run.accepted", ...ids, data: {} }] : []),
    ...(isTerminalTurnState(state) && runPhase !== "ended" ? [{ type: `run.${state}`, ...ids, data }] : []),
  ];
};

const RETRYABLE = new Set([
  "serverOverloaded",
  "rateLimitExceeded",
  "responseTooManyFailedAttempts",
  "internalServerError",
  "httpConnectionFailed",
  "responseStreamConnectionFailed",
  "responseStreamDisconnected",
]);

/** Codex's error of a turn in our terms; the code is Codex's own kind in snake case. */
export const turnErrorOf = (error: z.infer<typeof CodexTurnError> | null | undefined): TurnError => {
  const info = error?.codexErrorInfo;
  const kind = typeof info === "string" ? info : isObject(info) ? Object.keys(info)[0] : undefined;
  const code =
    kind === undefined || kind === "other" ? "codex_error" : kind.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
  return {
    code,
    message: error?.message ?? "Codex gave no reason.",
    retryable: kind !== undefined && RETRYABLE.has(kind),
  };
};

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
