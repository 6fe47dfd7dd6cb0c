import type { HelloFrame, ResetFrame } from "@baa/contracts";
import type * as z from "zod";

type Hello = z.infer<typeof HelloFrame>;
type Reset = z.infer<typeof ResetFrame>;

/** A place in an event log: all up to and with `seq` is done. Without `logId` it is that of whatever log answers. */
export interface Cursor {
  readonly logId: string | undefined;
  readonly seq: number;
}

/**
 * Reads `<seq>` or `<logId>:<seq>`.
 * @throws TypeError for anything else: a cursor that is read wrongly loses events.
 */
export function parseCursor(after: number | string): Cursor {
  const match = /^(?:([A-Za-z0-9_-]+):)?(\d{1,15})$/.exec(String(after));
  if (match === null) throw new TypeError("A cursor is <seq> or <logId>:<seq>.");
  return { logId: match[1], seq: Number(match[2]) };
}

export function formatCursor(cursor: Cursor): string {
  return cursor.logId === undefined ? String(cursor.seq) : `${cursor.logId}:${cursor.seq}`;
}

/**
 * The cursor once a connection has said hello. Without one the stream goes live, so what comes is after the head.
 * A cursor of another log stays as it is: only the `reset` that follows says where this log goes on, and a
 * connection that breaks in between must ask with the old one again.
 */
export function cursorAfterHello(cursor: Cursor | undefined, hello: Hello): Cursor {
  if (cursor === undefined) return { logId: hello.logId, seq: hello.headSeq };
  return cursor.logId === undefined ? { logId: hello.logId, seq: cursor.seq } : cursor;
}

/** The cursor after a reset: where the log that answered goes on. */
export function cursorAfterReset(hello: Hello | undefined, reset: Reset): Cursor {
  return { logId: hello?.logId, seq: reset.to };
}

/**
 * The cursor after a heartbeat or bye, whose `seq` is how far the stream has got: with filters that may be far past
 * the last event, and a cursor left behind would grow too old.
 */
export function cursorAfterMark(cursor: Cursor | undefined, hello: Hello | undefined, seq: number): Cursor | undefined {
  const isAhead = cursor !== undefined && cursor.logId === hello?.logId && seq > cursor.seq;
  return isAhead ? { logId: cursor.logId, seq } : cursor;
}

/** The cursor after event `seq`, or undefined when the cursor has passed it: then it is a duplicate. */
export function cursorAfterEvent(
  cursor: Cursor | undefined,
  hello: Hello | undefined,
  seq: number,
): Cursor | undefined {
  const logId = hello?.logId ?? cursor?.logId;
  const isPassed = cursor !== undefined && seq <= cursor.seq && (cursor.logId === undefined || cursor.logId === logId);
  return isPassed ? undefined : { logId, seq };
}
