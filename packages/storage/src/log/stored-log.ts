import fs from "node:fs";
import { LogDamagedError } from "./errors.ts";
import { readHeadMark } from "./head-mark.ts";
import { frameInPlace, isIntactLine } from "./line.ts";
import { scanLines, type ScannedLine } from "./line-scanner.ts";
import { headOf, seqOf } from "./record.ts";
import { listSegments, logPaths, readHeader } from "./segment-files.ts";
import type { EventHead, LogGap } from "./types.ts";

/** What `readStoredLog` found. */
export interface StoredLog {
  /** Undefined when no segment has a readable header. */
  logId?: string;
  /** Number of the first record that was found; 0 when there is none. */
  firstSeq: number;
  /** Number of the last one; that before the first segment's when there is none. */
  lastSeq: number;
  records: number;
  /** Numbers that were given out and are not there any more, ascending. A `log.gap` is no hole: it says so itself. */
  holes: LogGap[];
}

export interface StoredRecord {
  head: EventHead;
  /** JSON text of the event. Only valid until the visitor returns. */
  bytes: Buffer;
}

interface Segment {
  file: string;
  /** First number by name or header; undefined when the header of the active segment cannot be read. */
  firstSeq: number | undefined;
  logId: string | undefined;
}

/**
 * Visits every record behind `after` that matches its checksum, in order, reading around whatever is damaged. Changes
 * nothing, and needs no lock: of a log in use it sees what was written so far. Ends when the visitor returns false.
 */
export function readStoredLog(
  dir: string,
  o: { after?: number; onRecord: (record: StoredRecord) => boolean | void },
): StoredLog {
  const segments = segmentsOf(dir);
  const logId = segments.findLast((segment) => segment.logId !== undefined)?.logId;
  const own = segments.filter((segment) => segment.logId === undefined || segment.logId === logId);
  const reader = new Survivors(o.after ?? 0, o.onRecord);
  for (const [index, segment] of own.entries()) {
    const next = own[index + 1]?.firstSeq;
    if (next !== undefined && next <= (o.after ?? 0) + 1) continue;
    if (!reader.take(segment)) break;
  }
  return reader.result(logId, logId === undefined ? 0 : readHeadMark(dir, logId));
}

function segmentsOf(dir: string): Segment[] {
  if (!fs.existsSync(dir)) return [];
  const paths = logPaths(dir);
  const sealed = listSegments(dir).sealed.map((firstSeq) => segmentOf(paths.sealed(firstSeq), firstSeq));
  return fs.existsSync(paths.active) ? [...sealed, segmentOf(paths.active)] : sealed;
}

function segmentOf(file: string, named?: number): Segment {
  try {
    const { header } = readHeader(file);
    return { file, firstSeq: named ?? header.firstSeq, logId: header.logId };
  } catch (error) {
    if (!(error instanceof LogDamagedError)) throw error;
    return { file, firstSeq: named, logId: undefined };
  }
}

/** Counts what comes by and notes what is missing between. */
class Survivors {
  readonly #after: number;
  readonly #onRecord: (record: StoredRecord) => boolean | void;
  readonly #holes: LogGap[] = [];
  #firstSeq = 0;
  #lastSeq = 0;
  #records = 0;
  #isEnded = false;

  constructor(after: number, onRecord: (record: StoredRecord) => boolean | void) {
    this.#after = after;
    this.#onRecord = onRecord;
  }

  /** Reads one segment; false when the visitor has had enough. */
  take(segment: Segment): boolean {
    if (this.#lastSeq === 0 && segment.firstSeq !== undefined) this.#lastSeq = segment.firstSeq - 1;
    const fd = fs.openSync(segment.file, "r");
    try {
      scanLines(fd, { from: 0, to: fs.fstatSync(fd).size }, (line) => this.#line(line));
    } finally {
      fs.closeSync(fd);
    }
    return !this.#isEnded;
  }

  result(logId: string | undefined, markedHead: number): StoredLog {
    if (!this.#isEnded && markedHead > this.#lastSeq) this.#note(this.#lastSeq + 1, markedHead);
    return {
      ...(logId === undefined ? {} : { logId }),
      firstSeq: this.#firstSeq,
      lastSeq: this.#lastSeq,
      records: this.#records,
      holes: this.#holes,
    };
  }

  #line({ buffer, start, end }: ScannedLine): boolean {
    const seq = isIntactLine(buffer, start, end) ? seqOf(buffer, start, end) : -1;
    // A number that is not ahead belongs to no place here: an intact copy of an older line.
    if (seq <= this.#lastSeq) return true;
    const head = headOf(buffer, start, end);
    const bytes = frameInPlace(buffer, start, end);
    if (seq > this.#lastSeq + 1) this.#note(this.#lastSeq + 1, head.type === "log.gap" ? gapStart(bytes) : seq - 1);
    this.#lastSeq = seq;
    this.#records += 1;
    this.#firstSeq ||= seq;
    if (seq > this.#after && this.#onRecord({ head, bytes }) === false) this.#isEnded = true;
    return !this.#isEnded;
  }

  #note(from: number, to: number): void {
    if (to >= from) this.#holes.push({ from, to });
  }
}

/** Last number before the gap that the event declares. */
function gapStart(bytes: Buffer): number {
  return (JSON.parse(bytes.toString()) as { data: LogGap }).data.from - 1;
}
