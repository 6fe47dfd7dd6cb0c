import fs from "node:fs";
import path from "node:path";
import { scanLines } from "./line-scanner.ts";
import { logPaths, type SealedSegment } from "./segment-files.ts";
import { readIndex, writeIndex } from "./segment-index.ts";
import { SegmentScanner, sealedFault } from "./segment-scan.ts";
import type { LogDamage } from "./types.ts";

/** One slice takes about a millisecond, and is one read; with the pause between slices 8 GiB take a quarter of an hour. */
const SLICE_BYTES = 196_608;

interface BackgroundCheckOptions {
  segments: readonly SealedSegment[];
  /** The segment as it is now: one that was written again has another size. Undefined when it was dropped. */
  current: (firstSeq: number) => SealedSegment | undefined;
  pauseMs: number;
  onDamage: (damage: LogDamage) => void;
}

/** Verifies the sealed segments in slices while the daemon works, newest first, and completes missing indexes. */
export class BackgroundCheck {
  readonly #o: BackgroundCheckOptions;
  #isStopped = false;
  #wake: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly done: Promise<void>;

  constructor(options: BackgroundCheckOptions) {
    this.#o = options;
    this.done = this.#run();
  }

  /** Ends the check at the next slice. */
  stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#wake?.();
    return this.done;
  }

  async #run(): Promise<void> {
    for (const { header } of [...this.#o.segments].reverse()) {
      await this.#pause();
      if (this.#isStopped) return;
      const segment = this.#o.current(header.firstSeq);
      if (segment === undefined) continue;
      try {
        await this.#check(segment);
      } catch (error) {
        this.#report(segment, error as NodeJS.ErrnoException);
      }
    }
  }

  #report(segment: SealedSegment, error: NodeJS.ErrnoException): void {
    // Dropped by retention meanwhile; a segment removed by somebody else is found by the read that misses it.
    if (error.code === "ENOENT") return;
    this.#o.onDamage({ file: segment.file, offset: 0, fault: `it cannot be read: ${error.message}` });
  }

  async #check(segment: SealedSegment): Promise<void> {
    const { file, header, headerEnd, lastSeq, bytes } = segment;
    const fd = fs.openSync(file, "r");
    try {
      const scanner = new SegmentScanner(header, headerEnd);
      let position: number | undefined = headerEnd;
      while (position !== undefined) {
        position = scanSlice(fd, scanner, { from: position, to: bytes });
        if (position !== undefined) await this.#pause();
        if (this.#isStopped) return;
      }
      const fault = sealedFault(scanner.result, lastSeq);
      if (fault !== undefined) return this.#o.onDamage({ file, ...fault });
      // Written again while it was read: whoever did that has left its index, too.
      if (this.#o.current(header.firstSeq) !== segment) return;
      const state = { firstSeq: header.firstSeq, lastSeq, bytes };
      const indexFile = logPaths(path.dirname(file)).index(header.firstSeq);
      if (readIndex(indexFile, state) === undefined) writeIndex(indexFile, scanner.result.index, state);
    } finally {
      fs.closeSync(fd);
    }
  }

  #pause(): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#timer = setTimeout(resolve, this.#o.pauseMs);
      this.#timer.unref();
    });
  }
}

/** Scans about one slice; returns where the next one begins, undefined when the segment is done. */
function scanSlice(fd: number, scanner: SegmentScanner, o: { from: number; to: number }): number | undefined {
  let next: number | undefined;
  scanLines(fd, o, (line) => {
    if (line.offset - o.from >= SLICE_BYTES) {
      next = line.offset;
      return false;
    }
    return scanner.take(line);
  });
  return next;
}
