import type { WrittenRecord } from "./record.ts";

/** Counted for each record beside its bytes: object, head and slot. */
const RECORD_OVERHEAD_BYTES = 200;

/** The newest records, contiguous, as frames that every reader shares. Bounded by bytes. */
export class TailCache {
  readonly #bytesMax: number;
  #records: WrittenRecord[] = [];
  /** Index of the oldest record that still counts; the array is compacted now and then. */
  #begin = 0;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  push(records: readonly WrittenRecord[]): void {
    for (const record of records) {
      this.#records.push(record);
      this.#bytes += record.frame.bytes.length + RECORD_OVERHEAD_BYTES;
    }
    while (this.#bytes > this.#bytesMax && this.#begin < this.#records.length) {
      this.#bytes -= this.#records[this.#begin]!.frame.bytes.length + RECORD_OVERHEAD_BYTES;
      this.#begin += 1;
    }
    if (this.#begin > 1024 && this.#begin * 2 > this.#records.length) {
      this.#records = this.#records.slice(this.#begin);
      this.#begin = 0;
    }
  }

  /** The record with this number, when it is held. */
  get(seq: number): WrittenRecord | undefined {
    const first = this.#records[this.#begin];
    if (first === undefined || seq < first.head.seq) return undefined;
    return this.#records[this.#begin + seq - first.head.seq];
  }

  /** Gives up the records up to `seq`. */
  dropThrough(seq: number): void {
    while (this.#begin < this.#records.length && this.#records[this.#begin]!.head.seq <= seq) {
      this.#bytes -= this.#records[this.#begin]!.frame.bytes.length + RECORD_OVERHEAD_BYTES;
      this.#begin += 1;
    }
    this.#records = this.#records.slice(this.#begin);
    this.#begin = 0;
  }
}
