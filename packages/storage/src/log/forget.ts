import fs from "node:fs";
import { isFullError, LogClosedError, LogDamagedError, StorageFullError } from "./errors.ts";
import { sync } from "./file-io.ts";
import { isForgottenLine, type RestOf } from "./forgotten-line.ts";
import { scanLines } from "./line-scanner.ts";
import { sessionIdOf } from "./record.ts";
import type { SealedSegments } from "./sealed-segments.ts";
import type { LogPaths, SealedSegment } from "./segment-files.ts";
import { type SegmentIndex, writeIndex } from "./segment-index.ts";
import { rewriteSegment } from "./segment-rewrite.ts";

export interface ForgetOptions {
  /** Sessions whose records lose their data. */
  sessions: ReadonlySet<string>;
  rest: RestOf;
}

export interface ForgetResult {
  /** Segments that were written again, and records in them that lost their data. */
  segments: number;
  records: number;
}

interface ForgetterOptions {
  paths: LogPaths;
  sealed: SealedSegments;
  pauseMs: number;
  /** Frames up to this one may be held in memory with data that is gone from disk. */
  onRewritten: (segment: SealedSegment) => void;
}

/** Takes the data of deleted sessions out of sealed segments, one segment at a time, in slices. */
export class SegmentForgetter {
  readonly #o: ForgetterOptions;
  #running: Promise<unknown> = Promise.resolve();
  #isStopped = false;
  #wake: (() => void) | undefined;

  constructor(options: ForgetterOptions) {
    this.#o = options;
  }

  /** Calls wait for each other. Throws as `EventLog.forget`. */
  forget(options: ForgetOptions): Promise<ForgetResult> {
    const run = this.#running.then(() => this.#forget(options));
    this.#running = run.catch(() => undefined); // its caller has the error
    return run;
  }

  /** Gives up at the next slice; the segment in work is as it was. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake?.();
    await this.#running;
  }

  async #forget(options: ForgetOptions): Promise<ForgetResult> {
    const result = { segments: 0, records: 0 };
    let damage: unknown;
    for (const segment of [...this.#o.sealed.all]) {
      try {
        const records = await this.#forgetIn(segment, options);
        if (records > 0) result.segments += 1;
        result.records += records;
      } catch (error) {
        // Damage of one segment is no reason to keep what stands in the others.
        if (error instanceof LogDamagedError) damage ??= error;
        else if (isFullError(error)) throw new StorageFullError(segment.file, error);
        else throw error;
      }
      if (this.#isStopped) throw new LogClosedError();
    }
    if (damage !== undefined) throw damage;
    return result;
  }

  /** Returns how many records lost their data. */
  async #forgetIn(segment: SealedSegment, { sessions, rest }: ForgetOptions): Promise<number> {
    if (!(await this.#pause()) || !this.#isHeld(segment)) return 0;
    const index = this.#o.sealed.indexOf(segment);
    if (!(await this.#hasData(segment, index, sessions))) return 0;
    const temp = this.#o.paths.rewrite(segment.header.firstSeq);
    const rewritten = await rewriteSegment(segment, { temp, sessions, rest, pause: () => this.#pause() });
    if (rewritten === undefined) return 0;
    if (!this.#isHeld(segment)) {
      fs.rmSync(temp, { force: true });
      return 0;
    }
    this.#install(segment, temp, rewritten);
    const dir = fs.openSync(this.#o.paths.dir, "r");
    try {
      await sync(dir);
    } finally {
      fs.closeSync(dir);
    }
    return rewritten.records;
  }

  /** Dropped segments (retention) are gone with all that was in them. */
  #isHeld(segment: SealedSegment): boolean {
    return this.#o.sealed.all.includes(segment);
  }

  /** A segment that was written again before a crash has nothing left to replace. */
  async #hasData(segment: SealedSegment, index: SegmentIndex, sessions: ReadonlySet<string>): Promise<boolean> {
    const blocks = new Set([...sessions].flatMap((sessionId) => index.sessions.get(sessionId) ?? []));
    if (blocks.size === 0) return false;
    const fd = fs.openSync(segment.file, "r");
    try {
      for (const block of blocks) {
        const range = { from: index.offsets[block]!, to: index.offsets[block + 1] ?? segment.bytes };
        let isFound = false;
        scanLines(fd, range, ({ buffer, start, end }) => {
          const sessionId = sessionIdOf(buffer, start, end);
          isFound = sessionId !== undefined && sessions.has(sessionId) && !isForgottenLine(buffer, start, end);
          return !isFound;
        });
        if (isFound) return true;
        if (!(await this.#pause(0))) return false;
      }
    } finally {
      fs.closeSync(fd);
    }
    return false;
  }

  /**
   * One turn of the loop: whoever reads by this log sees the one file or the other, with its own index. The old index is
   * taken away first, so that no crash leaves it beside the new file.
   */
  #install(segment: SealedSegment, temp: string, o: { bytes: number; index: SegmentIndex }): void {
    const { header, lastSeq, file } = segment;
    const indexFile = this.#o.paths.index(header.firstSeq);
    fs.rmSync(indexFile, { force: true });
    try {
      fs.renameSync(temp, file);
    } catch (error) {
      fs.rmSync(temp, { force: true });
      throw error;
    }
    const replaced = { ...segment, bytes: o.bytes };
    this.#o.sealed.replace(segment, replaced);
    this.#o.onRewritten(replaced);
    writeIndex(indexFile, o.index, { firstSeq: header.firstSeq, lastSeq, bytes: o.bytes });
  }

  /** False when it is time to give up. */
  #pause(ms = this.#o.pauseMs): Promise<boolean> {
    if (this.#isStopped) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(!this.#isStopped), ms);
      timer.unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve(false);
      };
    });
  }
}
