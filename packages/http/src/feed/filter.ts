import type { EventHead } from "@baa/storage";
import { ProblemError } from "../problem/problem-error.ts";

export interface FilterQuery {
  readonly sessionId?: string | undefined;
  readonly turnId?: string | undefined;
  readonly types?: string | undefined;
}

/** `key` is equal for equal filters, so that their readers share one read. */
export interface Filter {
  readonly key: string;
  readonly match: ((head: EventHead) => boolean) | undefined;
}

const PATTERN = /^!?(?:\*|[A-Za-z]{1,32}(?:\.[A-Za-z]{1,32}){0,3}(?:\.\*)?)$/;

/**
 * A filter over the head of events. `types` is a comma-separated list of types; `turn.*` stands for all
 * that begin with `turn.`, `*` for all; one with `!` in front leaves out, whatever else takes in.
 * @throws ProblemError invalid when a pattern is none.
 */
export function createFilter(query: FilterQuery): Filter {
  const { sessionId, turnId } = query;
  const matchesType = query.types === undefined ? undefined : typeMatcher(query.types);
  if (sessionId === undefined && turnId === undefined && matchesType === undefined)
    return { key: "", match: undefined };
  return {
    key: JSON.stringify([sessionId, turnId, query.types]),
    match: (head) =>
      (sessionId === undefined || head.sessionId === sessionId) &&
      (turnId === undefined || head.turnId === turnId) &&
      (matchesType === undefined || matchesType(head.type)),
  };
}

function typeMatcher(types: string): ((type: string) => boolean) | undefined {
  const patterns = types.split(",").map((pattern) => pattern.trim());
  const wrong = patterns.find((pattern) => !PATTERN.test(pattern));
  if (wrong !== undefined) {
    throw new ProblemError("invalid", undefined, {
      extra: { errors: [{ path: "query.types", message: "expected event types such as turn.completed or turn.*" }] },
    });
  }
  const isIn = anyOf(patterns.filter((pattern) => !pattern.startsWith("!")));
  const left = patterns.filter((pattern) => pattern.startsWith("!")).map((pattern) => pattern.slice(1));
  if (left.length === 0) return isIn;
  const isLeftOut = anyOf(left);
  return (type) => (isIn === undefined || isIn(type)) && isLeftOut !== undefined && !isLeftOut(type);
}

/** Whether one of the patterns fits; undefined when every type does. No pattern at all takes everything in. */
function anyOf(patterns: readonly string[]): ((type: string) => boolean) | undefined {
  if (patterns.length === 0 || patterns.includes("*")) return undefined;
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith("*")));
  const prefixes = patterns.filter((pattern) => pattern.endsWith("*")).map((pattern) => pattern.slice(0, -1));
  return (type) => exact.has(type) || prefixes.some((prefix) => type.startsWith(prefix));
}
