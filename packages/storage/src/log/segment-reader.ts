import { LogDamagedError } from "./errors.ts";
import { readUpTo } from "./file-io.ts";
import { intactFrame } from "./line.ts";
import { headOf, lineEnd, seqOf } from "./record.ts";
import { blockOf, type SegmentIndex } from "./segment-index.ts";
import type { Collector } from "./collector.ts";
import type { Frame } from "./types.ts";

/** Where records are read from: an open file and what is known about it. */
export interface ReadSource {
  file: string;
  fd: number;
  index: SegmentIndex;
  /** Offset behind the last record that may be read. */
  end: number;
  /** Number of the last record that may be read. */
  lastSeq: number;
}

const CHUNK_BYTES_MIN = 32_768;
/** Room in a chunk for what stands between the block's beginning and the cursor. */
const CHUNK_SLACK_BYTES = 20_480;

/**
 * Reads records behind `collector.lastSeq` from one segment until the collector is full or the segment is read. Frames are
 * views of the chunk they were read into. Throws LogDamagedError at the first damaged record, unless records in front of
 * it were read: then the next call throws.
 */
export function readSegment(source: ReadSource, collector: Collector): void {
  const block = blockOf(source.index, collector.lastSeq + 1);
  readRange(source, collector, { from: source.index.offsets[block] ?? source.end, to: source.end });
  if (collector.isDone || collector.lastSeq >= source.lastSeq) return;
  const fault = `it ends behind record ${collector.lastSeq} instead of ${source.lastSeq}`;
  stopAtDamage(source, collector, { offset: source.end, fault });
}

/** Like `readSegment`, but only through the blocks that hold records of `sessionId`; the cursor skips the others. */
export function readSegmentOfSession(source: ReadSource, collector: Collector, sessionId: string): void {
  const { index } = source;
  const first = blockOf(index, collector.lastSeq + 1);
  for (const block of index.sessions.get(sessionId) ?? []) {
    if (block < first || index.seqs[block]! > source.lastSeq) continue;
    collector.lastSeq = Math.max(collector.lastSeq, index.seqs[block]! - 1);
    readRange(source, collector, { from: index.offsets[block]!, to: index.offsets[block + 1] ?? source.end });
    if (collector.isDone) return;
  }
  collector.lastSeq = Math.max(collector.lastSeq, source.lastSeq);
}

function readRange(source: ReadSource, collector: Collector, o: { from: number; to: number }): void {
  let position = o.from;
  let want = CHUNK_BYTES_MIN;
  while (position < o.to && !collector.isDone && collector.lastSeq < source.lastSeq) {
    want = Math.max(want, collector.bytesWanted + CHUNK_SLACK_BYTES);
    const length = Math.min(want, o.to - position);
    // Not from the pool: frames keep their chunk alive, and only theirs.
    const chunk = Buffer.allocUnsafeSlow(length);
    const filled = readUpTo(source.fd, chunk, 0, length, position);
    const used = takeLines(source, collector, { chunk: chunk.subarray(0, filled), position });
    position += used;
    if (used === 0 && (filled < length || position + length >= o.to)) {
      stopAtDamage(source, collector, { offset: position, fault: "a record is cut off" });
    }
    want = used === 0 ? length * 2 : CHUNK_BYTES_MIN;
  }
}

/** Takes the whole lines of a chunk; returns how many of its bytes are done with. */
function takeLines(source: ReadSource, collector: Collector, o: { chunk: Buffer; position: number }): number {
  const { chunk, position } = o;
  let start = 0;
  while (!collector.isDone && collector.lastSeq < source.lastSeq) {
    const end = lineEnd(chunk, start);
    if (end < 0) return start;
    const seq = seqOf(chunk, start, end);
    if (seq < 0 || seq > collector.lastSeq) {
      const bytes = seq === collector.lastSeq + 1 ? intactFrame(chunk, start, end) : undefined;
      if (bytes === undefined) {
        const expected = collector.lastSeq + 1;
        stopAtDamage(source, collector, {
          offset: position + start,
          fault: `record ${expected} is damaged or missing`,
        });
        return start;
      }
      if (!takeRecord(collector, { seq, bytes })) return start;
    }
    start = end + 1;
  }
  return start;
}

function takeRecord(collector: Collector, frame: Frame): boolean {
  if (collector.hasFilter && !collector.isWanted(headOf(frame.bytes, 0, frame.bytes.length))) {
    collector.skip(frame.seq, frame.bytes.length);
    return true;
  }
  return collector.add(frame);
}

/** What was read in front of the damage is returned first; the next call begins at the damage and throws. */
function stopAtDamage(source: ReadSource, collector: Collector, o: { offset: number; fault: string }): void {
  if (!collector.hasProgress) throw new LogDamagedError({ file: source.file, ...o });
  collector.stop();
}
