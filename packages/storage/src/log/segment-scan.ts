import { isIntactLine } from "./line.ts";
import { scanLines, type ScannedLine } from "./line-scanner.ts";
import { seqOf, sessionIdOf } from "./record.ts";
import { trailerHead, type SegmentHeader } from "./segment-header.ts";
import { emptyIndex, indexRecord, type SegmentIndex } from "./segment-index.ts";

/** The first line that is no valid record. `torn`: the last line, without its newline. */
export interface BadLine {
  offset: number;
  kind: "torn" | "invalid";
  fault: string;
  /** Intact lines come after it, so it is no torn end. */
  isFollowedByIntact: boolean;
}

export interface SegmentScan {
  /** Number of the last valid record; `firstSeq - 1` when there is none. */
  lastSeq: number;
  /** Offset behind the last valid record, its newline included. */
  end: number;
  /** The last valid record is whole but for its newline. */
  lacksNewline: boolean;
  /** Ends with a valid clean-stop mark. */
  isClean: boolean;
  bad?: BadLine;
  index: SegmentIndex;
}

/** A scan of one segment, fed line by line so that it can be done at once or in slices. */
export class SegmentScanner {
  readonly result: SegmentScan;
  readonly #header: SegmentHeader;

  constructor(header: SegmentHeader, from: number) {
    this.#header = header;
    const lastSeq = header.firstSeq - 1;
    this.result = { lastSeq, end: from, lacksNewline: false, isClean: false, index: emptyIndex() };
  }

  /** Takes the next line. Returns false when nothing further can change the result. */
  take(line: ScannedLine): boolean {
    const isIntact = isIntactLine(line.buffer, line.start, line.end);
    const { bad } = this.result;
    if (bad !== undefined) {
      if (isIntact) bad.isFollowedByIntact = true;
      return !isIntact;
    }
    const fault = this.result.isClean ? "there is data behind the clean-stop mark" : this.#accept(line, isIntact);
    if (fault === undefined) return true;
    const kind = line.complete || this.result.isClean ? "invalid" : "torn";
    this.result.bad = { offset: line.offset, kind, fault, isFollowedByIntact: isIntact || this.result.isClean };
    return !isIntact;
  }

  #accept({ buffer, start, end, offset, complete }: ScannedLine, isIntact: boolean): string | undefined {
    if (!isIntact) return complete ? "a record does not match its checksum" : "the last line is cut off";
    const { result } = this;
    const expected = result.lastSeq + 1;
    const seq = seqOf(buffer, start, end);
    if (seq === expected && seq <= this.#header.ceiling) {
      indexRecord(result.index, seq, offset, sessionIdOf(buffer, start, end));
      result.lastSeq = seq;
      result.end = offset + (end - start) + 1;
      result.lacksNewline = !complete;
      return undefined;
    }
    if (seq >= 0) return `record ${seq} stands where ${expected} belongs`;
    const head = trailerHead(buffer, start, end);
    if (head === undefined) return "an intact line is neither record nor clean-stop mark";
    if (head !== result.lastSeq) return `the clean-stop mark names ${head}, but the last record is ${result.lastSeq}`;
    result.isClean = true;
    return undefined;
  }
}

/** Verifies one segment whole, from behind its header to `to` (bytes). */
export function scanSegment(fd: number, header: SegmentHeader, o: { from: number; to: number }): SegmentScan {
  const scanner = new SegmentScanner(header, o.from);
  scanLines(fd, o, (line) => scanner.take(line));
  return scanner.result;
}

/** What is wrong with a sealed segment, whose last number is known from the header after it; undefined when nothing. */
export function sealedFault(scan: SegmentScan, lastSeq: number): { offset: number; fault: string } | undefined {
  if (scan.bad !== undefined) return { offset: scan.bad.offset, fault: scan.bad.fault };
  if (scan.lastSeq === lastSeq && !scan.lacksNewline) return undefined;
  return { offset: scan.end, fault: `the segment ends with record ${scan.lastSeq} instead of ${lastSeq}` };
}
