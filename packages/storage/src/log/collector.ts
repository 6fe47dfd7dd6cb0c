import type { EventHead, Frame, ReadLimit, ReadResult } from "./types.ts";

/** Bytes that one read looks at, at most (one record more). */
const SCAN_BYTES = 1_048_576;
const RECORD_BYTES_GUESS = 512;

/** Gathers what one read returns and knows when it has to stop. */
export class Collector {
  readonly #limit: ReadLimit;
  readonly #frames: Frame[] = [];
  #bytes = 0;
  #scanned = 0;
  #isStopped = false;
  /** The cursor: everything up to it was returned or refused. */
  lastSeq: number;

  constructor(limit: ReadLimit, after: number) {
    this.#limit = limit;
    this.lastSeq = after;
  }

  get hasFilter(): boolean {
    return this.#limit.match !== undefined;
  }

  get isDone(): boolean {
    if (this.#isStopped || this.#frames.length >= this.#limit.maxRecords) return true;
    return this.#bytes >= this.#limit.maxBytes || this.#scanned >= SCAN_BYTES;
  }

  /** Records were looked at, so that ending here brings the reader forward. */
  get hasProgress(): boolean {
    return this.#scanned > 0;
  }

  /** Bytes worth reading from a file for what is still wanted. */
  get bytesWanted(): number {
    const wanted = Math.min(this.#limit.maxBytes - this.#bytes, SCAN_BYTES - this.#scanned);
    if (this.hasFilter) return wanted;
    return Math.min(wanted, (this.#limit.maxRecords - this.#frames.length) * RECORD_BYTES_GUESS);
  }

  /** This answer ends here, whatever room it has left. */
  stop(): void {
    this.#isStopped = true;
  }

  isWanted(head: EventHead): boolean {
    return this.#limit.match === undefined || this.#limit.match(head);
  }

  /** The record was looked at and refused. */
  skip(seq: number, bytes: number): void {
    this.#scanned += bytes;
    this.lastSeq = seq;
  }

  /** False when the frame has no room in this answer any more; it is the first one of the next. */
  add(frame: Frame): boolean {
    const length = frame.bytes.length;
    if (this.#frames.length > 0 && this.#bytes + length > this.#limit.maxBytes) {
      this.stop();
      return false;
    }
    this.#frames.push(frame);
    this.#bytes += length;
    this.#scanned += length;
    this.lastSeq = frame.seq;
    return true;
  }

  result(): ReadResult {
    return { frames: this.#frames, lastSeq: this.lastSeq };
  }
}
