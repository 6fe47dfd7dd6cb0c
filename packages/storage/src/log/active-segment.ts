import fs from "node:fs";
import { writeAll } from "./file-io.ts";
import type { EncodedBatch } from "./record.ts";
import type { SegmentHeader } from "./segment-header.ts";
import { indexRecord, type SegmentIndex } from "./segment-index.ts";

/** The segment that takes records: an open file, its end and its index. */
export class ActiveSegment {
  readonly file: string;
  readonly header: SegmentHeader;
  /** Offset in bytes of the first record. */
  readonly headerEnd: number;
  readonly fd: number;
  readonly index: SegmentIndex;
  /** Offset in bytes at which the next record goes. */
  size: number;
  lastSeq: number;

  constructor(o: {
    file: string;
    header: SegmentHeader;
    headerEnd: number;
    fd: number;
    index: SegmentIndex;
    size: number;
    lastSeq: number;
  }) {
    this.file = o.file;
    this.header = o.header;
    this.headerEnd = o.headerEnd;
    this.fd = o.fd;
    this.index = o.index;
    this.size = o.size;
    this.lastSeq = o.lastSeq;
  }

  /** True when `records` more records of `bytes` in all still belong into this segment. An empty one takes any batch. */
  hasRoom(o: { records: number; bytes: number; recordsMax: number; bytesMax: number }): boolean {
    const held = this.lastSeq - this.header.firstSeq + 1;
    if (this.lastSeq + o.records > this.header.ceiling) return false;
    return held === 0 || (held + o.records <= o.recordsMax && this.size + o.bytes <= o.bytesMax);
  }

  /** Hands a batch to the operating system. When that fails the file is cut back to its former end and the error thrown. */
  write(batch: EncodedBatch): void {
    try {
      writeAll(this.fd, batch.buffer, this.size);
    } catch (error) {
      this.#cutBack();
      throw error;
    }
    batch.heads.forEach((head, i) => indexRecord(this.index, head.seq, this.size + batch.starts[i]!, head.sessionId));
    this.size += batch.buffer.length;
    this.lastSeq += batch.heads.length;
  }

  #cutBack(): void {
    try {
      fs.ftruncateSync(this.fd, this.size);
    } catch (cause) {
      // Never "full" to the caller: with half a line in the file writing must not go on.
      throw new Error(`cannot cut ${this.file} back to ${this.size} bytes`, { cause });
    }
  }
}
