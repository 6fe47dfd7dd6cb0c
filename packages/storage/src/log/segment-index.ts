import fs from "node:fs";
import { encodeObjectLine, isIntactLine, parseLine } from "./line.ts";

/** A block of the index ends with the first record that begins this many bytes after the block did. */
const BLOCK_BYTES = 16_384;
const INDEX_FORMAT = 1;

/** Where things are in one segment: block i begins with record `seqs[i]` at byte `offsets[i]`. */
export interface SegmentIndex {
  seqs: number[];
  offsets: number[];
  /** For each session the numbers of the blocks that hold records of it, ascending. */
  sessions: Map<string, number[]>;
}

export function emptyIndex(): SegmentIndex {
  return { seqs: [], offsets: [], sessions: new Map() };
}

/** Takes one more record, the next one in the file, into the index. */
export function indexRecord(index: SegmentIndex, seq: number, offset: number, sessionId: string | undefined): void {
  const begun = index.offsets.at(-1);
  if (begun === undefined || offset - begun >= BLOCK_BYTES) {
    index.seqs.push(seq);
    index.offsets.push(offset);
  }
  if (sessionId === undefined) return;
  const block = index.offsets.length - 1;
  const blocks = index.sessions.get(sessionId);
  if (blocks === undefined) index.sessions.set(sessionId, [block]);
  else if (blocks.at(-1) !== block) blocks.push(block);
}

/** The block that holds `seq`: the last one that begins at or before it; 0 when it is before all of them. */
export function blockOf(index: SegmentIndex, seq: number): number {
  let low = 0;
  let high = index.seqs.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (index.seqs[middle]! <= seq) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * Writes the index beside its sealed segment. It is derived data: without fsync, and a write that fails is left to the
 * rebuild on the next read.
 */
export function writeIndex(
  file: string,
  index: SegmentIndex,
  o: { firstSeq: number; lastSeq: number; bytes: number },
): void {
  const { seqs, offsets } = index;
  const line = encodeObjectLine({ format: INDEX_FORMAT, ...o, seqs, offsets, sessions: [...index.sessions] });
  try {
    fs.writeFileSync(`${file}.tmp`, line, { mode: 0o600 });
    fs.renameSync(`${file}.tmp`, file);
  } catch {
    fs.rmSync(`${file}.tmp`, { force: true });
  }
}

/** The stored index, or undefined when it is missing, damaged or of another state of the segment. */
export function readIndex(
  file: string,
  o: { firstSeq: number; lastSeq: number; bytes: number },
): SegmentIndex | undefined {
  try {
    const line = fs.readFileSync(file);
    const end = line.length - 1;
    if (!isIntactLine(line, 0, end)) return undefined;
    const value = parseLine(line, 0, end) as typeof o & { format: number } & Record<keyof SegmentIndex, unknown>;
    const isCurrent =
      value.format === INDEX_FORMAT &&
      value.firstSeq === o.firstSeq &&
      value.lastSeq === o.lastSeq &&
      value.bytes === o.bytes;
    if (!isCurrent) return undefined;
    return {
      seqs: value.seqs as number[],
      offsets: value.offsets as number[],
      sessions: new Map(value.sessions as [string, number[]][]),
    };
  } catch {
    return undefined;
  }
}
