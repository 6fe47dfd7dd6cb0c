import { encodeObjectLine, isIntactLine, parseLine } from "./line.ts";

/** What this release writes and the oldest reader that understands it. */
const LOG_FORMAT = 1;
/** The newest `minReader` this release can read; scripts/runtime compares it with the disk before a rollback. */
export const LOG_READER = 1;
/** Records a segment may hold at most; the ceiling in its header is fsynced before the first of them exists. */
export const SEGMENT_RECORDS_MAX = 65_536;

/** First line of every segment. */
export interface SegmentHeader {
  format: number;
  minReader: number;
  logId: string;
  firstSeq: number;
  /** No number above this one is given out from this segment. */
  ceiling: number;
  /** Boot of the kernel under which the segment was begun. */
  bootId: string;
  /** When the segment was begun, which is when the one before it ended. */
  at: string;
  /** The segment before this one; null in the first segment of a log. */
  previous: { firstSeq: number; lastSeq: number } | null;
}

export function encodeHeader(header: Omit<SegmentHeader, "format" | "minReader" | "ceiling">): Buffer {
  const { logId, firstSeq, bootId, at, previous } = header;
  const ceiling = firstSeq + SEGMENT_RECORDS_MAX - 1;
  return encodeObjectLine({ format: LOG_FORMAT, minReader: 1, logId, firstSeq, ceiling, bootId, at, previous });
}

/** The header in `line` (without newline), or what is wrong with it. */
export function decodeHeader(line: Buffer): { header: SegmentHeader } | { fault: string } {
  if (!isIntactLine(line, 0, line.length)) return { fault: "the segment's header does not match its checksum" };
  const value = parseLine(line, 0, line.length) as Partial<SegmentHeader>;
  if (typeof value.minReader !== "number" || value.minReader > LOG_READER) {
    return {
      fault: `written by a newer release (format ${value.format} needs reader ${value.minReader}, this is ${LOG_READER})`,
    };
  }
  const isWhole =
    typeof value.logId === "string" &&
    typeof value.bootId === "string" &&
    typeof value.at === "string" &&
    Number.isSafeInteger(value.firstSeq) &&
    Number.isSafeInteger(value.ceiling);
  return isWhole ? { header: value as SegmentHeader } : { fault: "the segment's header lacks a field" };
}

/** Clean-stop mark: last line of the active segment while no daemon has it open. */
export function encodeTrailer(head: number): Buffer {
  return encodeObjectLine({ clean: true, head });
}

/** Head named by a clean-stop mark; undefined when the intact line is something else. */
export function trailerHead(line: Buffer, start: number, end: number): number | undefined {
  if (line.toString("latin1", start, start + 13) !== '{"clean":true') return undefined;
  return (parseLine(line, start, end) as { head?: number }).head;
}
