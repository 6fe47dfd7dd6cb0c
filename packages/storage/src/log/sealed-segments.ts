import fs from "node:fs";
import path from "node:path";
import { fsyncDir } from "./file-io.ts";
import { LogDamagedError } from "./errors.ts";
import { logPaths, type SealedSegment } from "./segment-files.ts";
import { readIndex, writeIndex, type SegmentIndex } from "./segment-index.ts";
import { scanSegment, sealedFault } from "./segment-scan.ts";
import type { ReadSource } from "./segment-reader.ts";
import type { LogDamage, LogRetention } from "./types.ts";

const INDEXES_HELD = 8;

interface HeldIndex {
  index: SegmentIndex;
  /** The segment was found damaged when its index was rebuilt; the index covers what is in front of the damage. */
  damage?: LogDamage;
}

/** The segments that take no more records: finding, reading and dropping them. */
export class SealedSegments {
  #segments: SealedSegment[];
  /** Indexes last used, oldest first. */
  readonly #indexes = new Map<number, HeldIndex>();
  readonly #onDamage: (damage: LogDamage) => void;

  constructor(segments: readonly SealedSegment[], onDamage: (damage: LogDamage) => void) {
    this.#segments = [...segments];
    this.#onDamage = onDamage;
  }

  get all(): readonly SealedSegment[] {
    return this.#segments;
  }

  bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  add(segment: SealedSegment): void {
    this.#segments.push(segment);
  }

  /** The segment's file was replaced by one that holds the same records with other offsets. */
  replace(segment: SealedSegment, replaced: SealedSegment): void {
    this.#indexes.delete(segment.header.firstSeq);
    this.#segments = this.#segments.map((held) => (held === segment ? replaced : held));
  }

  /** Where the segment's records are; rebuilt when it is missing or stale. Throws LogDamagedError. */
  indexOf(segment: SealedSegment): SegmentIndex {
    let found: SegmentIndex | undefined;
    this.read(segment, { whole: true }, ({ index }) => (found = index));
    return found as SegmentIndex;
  }

  /** The segment that holds `seq`, or the next one when `seq` is in a gap; undefined when it is in none of them. */
  find(seq: number): SealedSegment | undefined {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#segments[middle]!.lastSeq >= seq) high = middle;
      else low = middle + 1;
    }
    return this.#segments[low];
  }

  /**
   * Opens `segment` for `read` and closes it again. A missing or stale index is rebuilt first (once, about 2 ms a MiB).
   * With `whole`, a segment known to be damaged is refused, since what an index does not know it would skip.
   */
  read(segment: SealedSegment, o: { whole: boolean }, read: (source: ReadSource) => void): void {
    const fd = this.#openFile(segment);
    try {
      const { index, damage } = this.#indexOf(segment, fd);
      if (o.whole && damage !== undefined) throw new LogDamagedError(damage);
      read({ file: segment.file, fd, index, end: segment.bytes, lastSeq: segment.lastSeq });
    } catch (error) {
      if (error instanceof LogDamagedError) this.#onDamage(error);
      throw error;
    } finally {
      fs.closeSync(fd);
    }
  }

  /** Removes the oldest segments that are past `retention` and all of whose records are at or below `upToSeq`. */
  drop(o: { retention: LogRetention; upToSeq: number; nowMs: number; activeBytes: number }): number {
    let bytes = this.bytes() + o.activeBytes;
    const doomed: SealedSegment[] = [];
    for (const segment of this.#segments) {
      const isPast = bytes > o.retention.maxBytes || o.nowMs - Date.parse(segment.endedAt) > o.retention.maxAgeMs;
      if (!isPast || segment.lastSeq > o.upToSeq) break;
      doomed.push(segment);
      bytes -= segment.bytes;
    }
    for (const segment of doomed) this.#remove(segment);
    if (doomed.length > 0) fsyncDir(path.dirname(doomed[0]!.file));
    return doomed.length;
  }

  #remove(segment: SealedSegment): void {
    const { firstSeq } = segment.header;
    fs.rmSync(segment.file, { force: true });
    fs.rmSync(logPaths(path.dirname(segment.file)).index(firstSeq), { force: true });
    this.#indexes.delete(firstSeq);
    this.#segments = this.#segments.filter((other) => other !== segment);
  }

  #indexOf(segment: SealedSegment, fd: number): HeldIndex {
    const { firstSeq } = segment.header;
    const held = this.#indexes.get(firstSeq) ?? this.#loadIndex(segment, fd);
    this.#indexes.delete(firstSeq);
    this.#indexes.set(firstSeq, held);
    const oldest = this.#indexes.keys().next().value;
    if (this.#indexes.size > INDEXES_HELD && oldest !== undefined) this.#indexes.delete(oldest);
    return held;
  }

  #loadIndex(segment: SealedSegment, fd: number): HeldIndex {
    const { header, headerEnd, lastSeq, bytes, file } = segment;
    const state = { firstSeq: header.firstSeq, lastSeq, bytes };
    const indexFile = logPaths(path.dirname(file)).index(header.firstSeq);
    const stored = readIndex(indexFile, state);
    if (stored !== undefined) return { index: stored };
    const scan = scanSegment(fd, header, { from: headerEnd, to: bytes });
    const fault = sealedFault(scan, lastSeq);
    if (fault === undefined) {
      writeIndex(indexFile, scan.index, state);
      return { index: scan.index };
    }
    const damage = { file, ...fault };
    this.#onDamage(damage);
    return { index: scan.index, damage };
  }

  #openFile(segment: SealedSegment): number {
    try {
      return fs.openSync(segment.file, "r");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      const missing = { file: segment.file, offset: 0, fault: "the segment is missing" };
      this.#onDamage(missing);
      throw new LogDamagedError(missing);
    }
  }
}
