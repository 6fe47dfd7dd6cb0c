import type { ReadLimit, ReadResult } from "@baa/storage";

/**
 * What a feed is made from: a numbered, append-only sequence of events. codexd's log fits with a snapshot
 * beside it, conductor's outbox will.
 */
export interface EventSource {
  readonly logId: string;
  /** Smallest number that can still be read (1 when nothing was ever dropped). */
  oldest(): number;
  /** Largest number that may be shown. */
  head(): number;
  /** Synchronous, bounded work; `lastSeq` counts what the filter left out. */
  read(after: number, limit: ReadLimit): ReadResult;
  /** Calls back whenever `head()` has grown; the returned function ends it. */
  onAppend(listener: () => void): () => void;
  /** State as of `head()`, for a reader that has no cursor. */
  snapshot(): unknown;
}

/** A log that has everything but the snapshot, with one. */
export const withSnapshot = (log: Omit<EventSource, "snapshot">, snapshot: () => unknown): EventSource => ({
  logId: log.logId,
  oldest: () => log.oldest(),
  head: () => log.head(),
  read: (after, limit) => log.read(after, limit),
  onAppend: (listener) => log.onAppend(listener),
  snapshot,
});
