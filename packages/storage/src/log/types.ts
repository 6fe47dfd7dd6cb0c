/** One event before it has a number. `at` is RFC 3339 UTC with milliseconds; `data` must survive `JSON.stringify`. */
export interface LogRecordInput {
  type: string;
  at: string;
  sessionId?: string;
  turnId?: string;
  codexRunId?: string;
  approvalId?: string;
  data: unknown;
}

/** The part of an event in front of its `data`: everything a filter may look at. */
export interface EventHead {
  seq: number;
  type: string;
  sessionId?: string;
  turnId?: string;
  codexRunId?: string;
  approvalId?: string;
}

/** JSON text of one event, without checksum and newline. Shared between readers: never write into `bytes`. */
export interface Frame {
  seq: number;
  bytes: Buffer;
}

/** What one read may return at most; at least one matching record is returned whatever its size. */
export interface ReadLimit {
  maxRecords: number;
  maxBytes: number;
  match?: (head: EventHead) => boolean;
}

/** `lastSeq` is the cursor to go on from; it also counts the records that `match` refused. */
export interface ReadResult {
  frames: Frame[];
  lastSeq: number;
}

/** How long records are kept: whichever bound is passed first. */
export interface LogRetention {
  maxAgeMs: number;
  maxBytes: number;
}

/** Numbers that may have been seen and were never stored. Both ends belong to the gap. */
export interface LogGap {
  from: number;
  to: number;
}

/** One damaged place, as `verifyLog`, the background check and `EventLog.damage` report it. */
export interface LogDamage {
  file: string;
  /** Offset in bytes of the first line that cannot be trusted. */
  offset: number;
  fault: string;
}

export type LogState = "ok" | "full" | "closed";
