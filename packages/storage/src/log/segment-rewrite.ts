import fs from "node:fs";
import { LogDamagedError } from "./errors.ts";
import { sync, writeAll } from "./file-io.ts";
import { forgottenLine, isForgottenLine, type RestOf } from "./forgotten-line.ts";
import { isIntactLine } from "./line.ts";
import { scanLines, type ScannedLine } from "./line-scanner.ts";
import { seqOf, sessionIdOf } from "./record.ts";
import type { SealedSegment } from "./segment-files.ts";
import { emptyIndex, indexRecord, type SegmentIndex } from "./segment-index.ts";

/** One slice reads and writes this much, in about a millisecond. */
const SLICE_BYTES = 131_072;

export interface RewriteOptions {
  /** Where the new file is made; it is not there after an error. */
  temp: string;
  sessions: ReadonlySet<string>;
  rest: RestOf;
  /** Between two slices. False: give up. */
  pause: () => Promise<boolean>;
}

export interface RewrittenSegment {
  bytes: number;
  index: SegmentIndex;
  /** Records whose data was replaced. */
  records: number;
}

/**
 * Writes the segment again, without the data of the records of `sessions`, into `temp`, whole and synced: every record
 * keeps its number and head. Undefined when there is nothing to replace, or `pause` said to give up; then there is no
 * file. Throws LogDamagedError at a record that is not what was written, and what `fs` throws.
 */
export async function rewriteSegment(
  segment: SealedSegment,
  options: RewriteOptions,
): Promise<RewrittenSegment | undefined> {
  const source = fs.openSync(segment.file, "r");
  let target: number | undefined;
  try {
    target = fs.openSync(options.temp, "w", 0o600);
    const writer = new Rewriter(segment, { source, target, sessions: options.sessions, rest: options.rest });
    let position: number | undefined = writer.copyHeader();
    while (position !== undefined) {
      position = writer.slice(position);
      if (!(await options.pause())) return discard(options.temp);
    }
    if (writer.records === 0) return discard(options.temp);
    await sync(target);
    return { bytes: writer.bytes, index: writer.index, records: writer.records };
  } catch (error) {
    discard(options.temp);
    throw error;
  } finally {
    fs.closeSync(source);
    if (target !== undefined) fs.closeSync(target);
  }
}

function discard(temp: string): undefined {
  fs.rmSync(temp, { force: true });
  return undefined;
}

/** Copies one segment line by line; lines of forgotten sessions lose their data on the way. */
class Rewriter {
  readonly #segment: SealedSegment;
  readonly #o: { source: number; target: number; sessions: ReadonlySet<string>; rest: RestOf };
  readonly index = emptyIndex();
  #lastSeq: number;
  bytes = 0;
  records = 0;

  constructor(
    segment: SealedSegment,
    o: { source: number; target: number; sessions: ReadonlySet<string>; rest: RestOf },
  ) {
    this.#segment = segment;
    this.#o = o;
    this.#lastSeq = segment.header.firstSeq - 1;
  }

  /** Returns where the records begin. */
  copyHeader(): number {
    const { headerEnd, file } = this.#segment;
    const header = Buffer.alloc(headerEnd);
    if (fs.readSync(this.#o.source, header, 0, headerEnd, 0) < headerEnd) {
      throw new LogDamagedError({ file, offset: 0, fault: "the segment's header is cut off" });
    }
    this.#write([header]);
    return headerEnd;
  }

  /** Takes about one slice; returns where the next one begins, undefined behind the last record. */
  slice(from: number): number | undefined {
    const lines: Buffer[] = [];
    let bytes = 0;
    let next: number | undefined;
    scanLines(this.#o.source, { from, to: this.#segment.bytes, chunkBytes: SLICE_BYTES }, (line) => {
      if (bytes >= SLICE_BYTES) {
        next = line.offset;
        return false;
      }
      const taken = this.#take(line, this.bytes + bytes);
      lines.push(taken);
      bytes += taken.length;
      return true;
    });
    this.#write(lines);
    if (next === undefined && this.#lastSeq !== this.#segment.lastSeq) {
      const fault = `the segment ends with record ${this.#lastSeq} instead of ${this.#segment.lastSeq}`;
      throw new LogDamagedError({ file: this.#segment.file, offset: this.#segment.bytes, fault });
    }
    return next;
  }

  /** The line as it goes into the new file at `offset`, with its newline. A copy: the scan's buffer is used again. */
  #take({ buffer, start, end, offset: readAt, complete }: ScannedLine, offset: number): Buffer {
    const seq = seqOf(buffer, start, end);
    if (!complete || seq !== this.#lastSeq + 1 || !isIntactLine(buffer, start, end)) {
      const fault = `record ${this.#lastSeq + 1} is damaged or missing`;
      throw new LogDamagedError({ file: this.#segment.file, offset: readAt, fault });
    }
    this.#lastSeq = seq;
    const sessionId = sessionIdOf(buffer, start, end);
    indexRecord(this.index, seq, offset, sessionId);
    const isKept = sessionId === undefined || !this.#o.sessions.has(sessionId) || isForgottenLine(buffer, start, end);
    if (isKept) return Buffer.from(buffer.subarray(start, end + 1));
    this.records += 1;
    return forgottenLine(buffer, start, end, this.#o.rest);
  }

  #write(lines: readonly Buffer[]): void {
    const chunk = Buffer.concat(lines);
    writeAll(this.#o.target, chunk, this.bytes);
    this.bytes += chunk.length;
  }
}
