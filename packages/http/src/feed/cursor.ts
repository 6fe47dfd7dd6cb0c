import type { ResetFrame } from "@baa/contracts";
import { ProblemError } from "../problem/problem-error.ts";
import type { EventSource } from "./event-source.ts";

/** A reader's place: it has seen everything up to `seq` of that log. */
export interface Cursor {
  readonly logId: string | undefined;
  readonly seq: number;
}

const CURSOR = /^(?:([A-Za-z0-9_-]{1,64}):)?([0-9]{1,15})$/;

/**
 * Reads `<seq>` or `<logId>:<seq>`.
 * @throws ProblemError bad_cursor for anything else.
 */
export function parseCursor(text: string): Cursor {
  const match = CURSOR.exec(text);
  if (match === null) throw new ProblemError("bad_cursor", "expected <seq> or <logId>:<seq>");
  return { logId: match[1], seq: Number(match[2]) };
}

export interface ResetInput {
  readonly from: number;
  readonly reason: ResetFrame["reason"];
}

/**
 * The cursor that reading starts from, and the reset to announce when the given one cannot be honoured:
 * of another log, ahead of this one, or older than what is kept.
 */
export function placeCursor(
  source: Pick<EventSource, "logId" | "oldest" | "head">,
  cursor: Cursor,
): { after: number; reset: ResetInput | undefined } {
  const start = source.oldest() - 1;
  const reset = (reason: ResetFrame["reason"]) => ({ after: start, reset: { from: cursor.seq, reason } });
  if (cursor.logId !== undefined && cursor.logId !== source.logId) return reset("other_log");
  if (cursor.seq > source.head()) return reset("ahead");
  if (cursor.seq < start) return reset("too_old");
  return { after: cursor.seq, reset: undefined };
}

/** `from` and `to` are cursors: the one that was given and the one that reading goes on from. */
export const resetFrame = (source: Pick<EventSource, "snapshot">, reset: ResetInput, to: number): ResetFrame => ({
  type: "reset",
  from: reset.from,
  to,
  reason: reset.reason,
  snapshot: source.snapshot(),
});
