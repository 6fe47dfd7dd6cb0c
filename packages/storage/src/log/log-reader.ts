import type { ActiveSegment } from "./active-segment.ts";
import { Collector } from "./collector.ts";
import type { SealedSegments } from "./sealed-segments.ts";
import { readSegment, readSegmentOfSession, type ReadSource } from "./segment-reader.ts";
import type { TailCache } from "./tail-cache.ts";
import type { ReadLimit, ReadResult } from "./types.ts";

interface LogReaderOptions {
  tail: TailCache;
  sealed: SealedSegments;
  active: () => ActiveSegment;
  /** Number of the last visible record. */
  head: () => number;
}

interface FileRead {
  /** A segment known to be damaged is refused whole, since what its index does not know would be skipped. */
  whole: boolean;
  from: (source: ReadSource, collector: Collector) => void;
}

/** Reads by cursor: the newest records from memory, older ones from the files. */
export class LogReader {
  readonly #o: LogReaderOptions;

  constructor(options: LogReaderOptions) {
    this.#o = options;
  }

  /** Number of the oldest stored record; head + 1 when there is none. */
  oldest(): number {
    return (this.#o.sealed.all[0] ?? this.#o.active()).header.firstSeq;
  }

  read(after: number, limit: ReadLimit): ReadResult {
    return this.#read(new Collector(limit, after), { whole: false, from: readSegment });
  }

  readSession(sessionId: string, after: number, limit: ReadLimit): ReadResult {
    const { match } = limit;
    const own: ReadLimit = {
      ...limit,
      match: (head) => head.sessionId === sessionId && (match === undefined || match(head)),
    };
    const from: FileRead["from"] = (source, collector) => readSegmentOfSession(source, collector, sessionId);
    return this.#read(new Collector(own, after), { whole: true, from });
  }

  #read(collector: Collector, read: FileRead): ReadResult {
    const head = this.#o.head();
    collector.lastSeq = Math.max(collector.lastSeq, Math.min(this.oldest() - 1, head));
    while (collector.lastSeq < head && !collector.isDone) {
      if (!this.#readTail(collector, head)) this.#readFile(collector, read);
    }
    return collector.result();
  }

  /** Reads from memory; false when the next record is not held there. */
  #readTail(collector: Collector, head: number): boolean {
    let record = this.#o.tail.get(collector.lastSeq + 1);
    if (record === undefined) return false;
    while (record !== undefined && record.head.seq <= head && !collector.isDone) {
      if (!collector.isWanted(record.head)) collector.skip(record.head.seq, record.frame.bytes.length);
      else if (!collector.add(record.frame)) break;
      record = this.#o.tail.get(collector.lastSeq + 1);
    }
    return true;
  }

  #readFile(collector: Collector, read: FileRead): void {
    const segment = this.#o.sealed.find(collector.lastSeq + 1);
    const { file, fd, index, size, header } = this.#o.active();
    // Behind a gap the next record is the first of the next segment.
    collector.lastSeq = Math.max(collector.lastSeq, (segment?.header ?? header).firstSeq - 1);
    if (segment === undefined) read.from({ file, fd, index, end: size, lastSeq: this.#o.head() }, collector);
    else this.#o.sealed.read(segment, { whole: read.whole }, (source) => read.from(source, collector));
  }
}
