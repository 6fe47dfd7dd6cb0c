import { HOOK_TEST_TYPE, type HookMessage } from "@baa/contracts";
import type { OutboxInput } from "../store/outbox.ts";

/** A name or a code, never a sentence: whatever else stands in a field stays here. */
const WORD = /^[\w.:-]{1,128}$/;
/** Fields of an event's data that a message may carry. */
const FIELDS = ["kind", "itemId", "expiresAt", "origin", "codexTurnId", "reason", "since"];

/**
 * What a target is told of an event: ids, states, times and numbers. Text of a session is not in the outbox, and what
 * looks like text is left out once more.
 */
export const messageOf = (event: OutboxInput, place: { logId: string; seq: number }): HookMessage => {
  const data = event.data as Readonly<Record<string, unknown>>;
  return {
    type: event.type,
    timestamp: event.at,
    data: {
      event: place,
      ...words({ ...event }, ["sessionId", "turnId", "codexRunId", "approvalId"]),
      ...(event.type.startsWith("turn.") ? { state: event.type.slice("turn.".length) } : {}),
      ...words(data, FIELDS),
      ...errorOf(data["error"]),
      ...usageOf(data["usage"]),
    },
  };
};

export const testMessage = (at: string): HookMessage => ({ type: HOOK_TEST_TYPE, timestamp: at, data: {} });

const words = (from: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name): [string, string][] => {
      const value = from[name];
      return typeof value === "string" && WORD.test(value) ? [[name, value]] : [];
    }),
  );

const errorOf = (error: unknown): { error?: object } => {
  if (typeof error !== "object" || error === null) return {};
  const { retryable } = error as { retryable?: unknown };
  return { error: { ...words({ ...error }, ["code"]), ...(typeof retryable === "boolean" ? { retryable } : {}) } };
};

const usageOf = (usage: unknown): { usage?: object } => {
  if (typeof usage !== "object" || usage === null) return {};
  const numbers = Object.entries(usage).filter(([, value]) => typeof value === "number");
  return numbers.length === 0 ? {} : { usage: Object.fromEntries(numbers) };
};
