import fs from "node:fs";
import type { ActiveSegment } from "./active-segment.ts";
import { BackgroundCheck } from "./background-check.ts";
import { asError, isFullError, LogClosedError, StorageFullError } from "./errors.ts";
import { writeAll } from "./file-io.ts";
import { type ForgetOptions, type ForgetResult, SegmentForgetter } from "./forget.ts";
import { FullRetry } from "./full-retry.ts";
import { GroupSync } from "./group-sync.ts";
import { HeadMark } from "./head-mark.ts";
import { Listeners } from "./listeners.ts";
import { LogReader } from "./log-reader.ts";
import { openLog, type OpenedLog } from "./open-log.ts";
import { settingsOf, type EventLogOptions, type LogSettings } from "./options.ts";
import { encodeBatch, framesOf } from "./record.ts";
import { rollSegment } from "./roll.ts";
import { SealedSegments } from "./sealed-segments.ts";
import type { LogPaths } from "./segment-files.ts";
import { encodeTrailer, SEGMENT_RECORDS_MAX } from "./segment-header.ts";
import { TailCache } from "./tail-cache.ts";
import type { LogDamage, LogGap, LogRecordInput, LogState, ReadLimit, ReadResult } from "./types.ts";
import { Visibility } from "./visibility.ts";

/**
 * The event log: numbered records in checksummed segments, durable by group commit, readable by cursor.
 * A record is visible once it was handed to the operating system and, when it or one before it was appended with `sync`,
 * once that is on disk. Only visible records are read.
 */
export class EventLog {
  readonly logId: string;
  readonly gap?: LogGap;
  readonly recovered?: { cutBytes: number };
  readonly #o: LogSettings;
  readonly #paths: LogPaths;
  readonly #sealed: SealedSegments;
  #active: ActiveSegment;
  readonly #mark: HeadMark;
  readonly #visibility: Visibility;
  readonly #sync: GroupSync;
  readonly #retry: FullRetry;
  readonly #check: BackgroundCheck;
  readonly #forgetter: SegmentForgetter;
  readonly #tail: TailCache;
  readonly #reader: LogReader;
  #state: LogState = "ok";
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;
  #isNotifying = false;
  readonly #damage: LogDamage[] = [];
  readonly #appendListeners = new Listeners<void>();
  readonly #stateListeners = new Listeners<LogState>();
  readonly #sealListeners = new Listeners<{ firstSeq: number; lastSeq: number }>();

  private constructor(opened: OpenedLog, settings: LogSettings) {
    this.logId = opened.logId;
    if (opened.gap !== undefined) this.gap = opened.gap;
    if (opened.recovered !== undefined) this.recovered = opened.recovered;
    this.#o = settings;
    this.#paths = opened.paths;
    this.#active = opened.active;
    this.#mark = new HeadMark(opened.paths.dir, opened.logId, opened.active.lastSeq);
    const onDamage = (damage: LogDamage): void => this.#noteDamage(damage);
    this.#sealed = new SealedSegments(opened.sealed, onDamage);
    const current = (firstSeq: number) => this.#sealed.all.find((segment) => segment.header.firstSeq === firstSeq);
    this.#check = new BackgroundCheck({ segments: opened.sealed, current, pauseMs: settings.checkPauseMs, onDamage });
    this.#forgetter = new SegmentForgetter({
      paths: opened.paths,
      sealed: this.#sealed,
      pauseMs: settings.checkPauseMs,
      onRewritten: ({ lastSeq }) => this.#tail.dropThrough(lastSeq),
    });
    this.#visibility = new Visibility(opened.active.lastSeq);
    this.#tail = new TailCache(settings.tailCacheBytes);
    const { sealed, tail } = { sealed: this.#sealed, tail: this.#tail };
    this.#reader = new LogReader({ tail, sealed, active: () => this.#active, head: () => this.head() });
    const onError = (error: Error): void => this.#fail(error);
    this.#sync = new GroupSync({
      intervalMs: settings.syncIntervalMs,
      bytes: settings.syncBytes,
      target: () => this.#active,
      onSynced: (seq) => this.#moved(this.#visibility.synced(seq)),
      onError,
    });
    this.#retry = new FullRetry({
      intervalMs: settings.fullRetryMs,
      target: () => this.#active,
      onRoom: () => this.#setState("ok"),
      onError,
    });
  }

  /**
   * Opens the log in `dir` or begins one. A torn end is cut and reported by a `log.recovered` event, numbers that may
   * have been seen and were not stored by `log.gap`. Throws LogDamagedError (nothing is changed then), StorageFullError
   * when the repair needs room that is not there, and any other error of the file system as it came.
   */
  static async open(options: EventLogOptions): Promise<EventLog> {
    const settings = settingsOf(options);
    let opened: OpenedLog | undefined;
    let log: EventLog;
    try {
      opened = openLog(settings);
      log = new EventLog(opened, settings);
    } catch (error) {
      if (opened !== undefined) fs.closeSync(opened.active.fd);
      throw isFullError(error) ? new StorageFullError(options.dir, error) : error;
    }
    await log.#reportRecovery();
    return log;
  }

  get state(): LogState {
    return this.#state;
  }

  /** What reads and the background check found damaged in sealed segments. */
  get damage(): readonly LogDamage[] {
    return this.#damage;
  }

  /** Number of the oldest stored record; head + 1 when there is none. */
  oldest(): number {
    return this.#reader.oldest();
  }

  /** Number of the last visible record; one below the first number when there is none. */
  head(): number {
    return this.#visibility.visible;
  }

  /** Number of the last record handed to the operating system. */
  written(): number {
    return this.#visibility.written;
  }

  /** Size of all segments in bytes. */
  bytes(): number {
    return this.#sealed.bytes() + this.#active.size;
  }

  /**
   * Numbers and writes a batch with one write. With `sync` none of it is visible before it is on disk. The batch is not
   * atomic against a crash: a front part of it may be found afterwards. Throws StorageFullError (nothing is kept, the log
   * retries by itself), LogClosedError, and TypeError for data that is no JSON.
   */
  append(records: readonly LogRecordInput[], o: { sync?: boolean } = {}): { firstSeq: number; lastSeq: number } {
    if (this.#state === "closed" || this.#closing !== undefined) throw new LogClosedError(this.#failure);
    if (this.#state === "full") throw new StorageFullError(this.#paths.active);
    const firstSeq = this.#active.lastSeq + 1;
    const lastSeq = firstSeq + records.length - 1;
    if (records.length === 0) return { firstSeq, lastSeq };
    if (records.length > SEGMENT_RECORDS_MAX)
      throw new RangeError(`more than ${SEGMENT_RECORDS_MAX} records in one batch`);
    const batch = encodeBatch(records, firstSeq);
    const bytes = batch.buffer.length;
    try {
      this.#makeRoom(records.length, bytes);
      this.#active.write(batch);
      this.#mark.write(lastSeq);
    } catch (error) {
      throw this.#writeFailed(asError(error), bytes);
    }
    this.#tail.push(framesOf(batch));
    const mustSync = o.sync === true;
    this.#moved(this.#visibility.wrote({ firstSeq, lastSeq, mustSync }));
    this.#sync.wrote(bytes, mustSync);
    return { firstSeq, lastSeq };
  }

  /** Resolves once record `seq` may be shown. Rejects with LogClosedError when that will not happen any more. */
  whenVisible(seq: number): Promise<void> {
    return this.#visibility.when(seq);
  }

  /**
   * Visible records behind `after`, oldest first. Looks at about 1 MiB at most, so an answer may be empty although there
   * is more: go on from `lastSeq` until it reaches `head()`. A cursor before the oldest record reads from there.
   * Throws LogDamagedError at a damaged record, and LogClosedError.
   */
  read(after: number, limit: ReadLimit): ReadResult {
    this.#refuseClosed();
    return this.#reader.read(after, limit);
  }

  /** Like `read`, for the records of one session: the indexes skip everything else. */
  readSession(sessionId: string, after: number, limit: ReadLimit): ReadResult {
    this.#refuseClosed();
    return this.#reader.readSession(sessionId, after, limit);
  }

  /** Resolves when everything appended so far is on disk: what is derived from it may be stored then. */
  sync(): Promise<void> {
    this.#refuseClosed();
    return this.#sync.all();
  }

  /** Calls `listener` when the visible head has moved, once per turn of the loop. Returns the unsubscriber. */
  onAppend(listener: () => void): () => void {
    return this.#appendListeners.add(listener);
  }

  /** Calls `listener` with every new state. */
  onState(listener: (state: LogState) => void): () => void {
    return this.#stateListeners.add(listener);
  }

  /** Calls `listener` when a segment was sealed; all of its records are on disk then. */
  onSeal(listener: (segment: { firstSeq: number; lastSeq: number }) => void): () => void {
    return this.#sealListeners.add(listener);
  }

  /**
   * Drops whole segments that are past the retention, all of them applied (`<= appliedSeq`, the older of the checkpoints'
   * generations) and in front of what an open turn needs (`< keepFromSeq`). Returns how many were dropped.
   */
  dropSegments(o: { appliedSeq: number; keepFromSeq: number }): number {
    return this.#sealed.drop({
      retention: this.#o.retention,
      upToSeq: Math.min(o.appliedSeq, o.keepFromSeq - 1),
      nowMs: Date.parse(this.#o.now()),
      activeBytes: this.#active.size,
    });
  }

  /** Number of the last record in a sealed segment; one below the first number when there is none. */
  sealedSeq(): number {
    return this.#active.header.firstSeq - 1;
  }

  /**
   * Seals the active segment before it is full, unless it holds nothing. Blocks for a few fsyncs. Throws as `append`.
   */
  seal(): void {
    if (this.#state === "closed" || this.#closing !== undefined) throw new LogClosedError(this.#failure);
    if (this.#state === "full") throw new StorageFullError(this.#paths.active);
    if (this.#active.lastSeq < this.#active.header.firstSeq) return;
    try {
      this.#roll();
    } catch (error) {
      throw this.#writeFailed(asError(error), 0);
    }
  }

  /**
   * Replaces the data of all records of `sessions` in the sealed segments by `{"forgotten":true}` and what `rest` keeps of
   * it. Numbers and heads stay, so no cursor notices. Works in slices beside everything else, a segment at a time; what was
   * done before an error stays done, and a second call finds nothing left to do.
   * Throws LogDamagedError (all other segments are done then), StorageFullError, LogClosedError, and what `rest` and any
   * other error of the file system throw; the segment in work is untouched then.
   */
  forget(options: ForgetOptions): Promise<ForgetResult> {
    this.#refuseClosed();
    return this.#forgetter.forget(options);
  }

  /** Resolves when every segment that was sealed at open has been verified, or the log was closed. */
  whenChecked(): Promise<void> {
    return this.#check.done;
  }

  /** Syncs everything, leaves the clean-stop mark and closes the files. The same promise for every caller. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #reportRecovery(): Promise<void> {
    if (this.recovered === undefined) return;
    try {
      const event = { type: "log.recovered", at: this.#o.now(), data: this.recovered };
      await this.whenVisible(this.append([event], { sync: true }).lastSeq);
    } catch (error) {
      if (!(error instanceof StorageFullError)) throw error;
    }
  }

  #refuseClosed(): void {
    if (this.#state === "closed") throw new LogClosedError(this.#failure);
  }

  #noteDamage({ file, offset, fault }: LogDamage): void {
    if (this.#damage.some((known) => known.file === file)) return;
    this.#damage.push({ file, offset, fault });
  }

  #makeRoom(records: number, bytes: number): void {
    const { segmentRecordsMax: recordsMax, segmentBytesMax: bytesMax } = this.#o;
    if (!this.#active.hasRoom({ records, bytes, recordsMax, bytesMax })) this.#roll();
  }

  #roll(): void {
    const from = this.#active;
    try {
      fs.fsyncSync(from.fd);
    } catch (cause) {
      // Never "full" to the caller: after a failed fsync nothing is known about what was written.
      throw new Error(`cannot sync ${from.file}`, { cause });
    }
    const { firstSeq } = from.header;
    const { lastSeq } = from;
    let rolled: ReturnType<typeof rollSegment>;
    try {
      rolled = rollSegment(this.#paths, from, { firstSeq: lastSeq + 1, bootId: this.#o.bootId, at: this.#o.now() });
    } catch (error) {
      throw this.#rollFailed(asError(error));
    }
    this.#active = rolled.active;
    this.#sync.retire(from.fd);
    this.#sync.covered();
    if (rolled.sealed !== undefined) this.#sealed.add(rolled.sealed);
    this.#moved(this.#visibility.synced(lastSeq));
    queueMicrotask(() => this.#sealListeners.emit({ firstSeq, lastSeq }));
  }

  /** A full disk is only that while the active segment still has its name; otherwise the next open finishes the roll. */
  #rollFailed(error: Error): Error {
    const isStillActive =
      fs.existsSync(this.#paths.active) && fs.statSync(this.#paths.active).ino === fs.fstatSync(this.#active.fd).ino;
    if (!isStillActive) return new Error("a segment was only half begun", { cause: error });
    fs.rmSync(this.#paths.next, { force: true });
    return error;
  }

  #writeFailed(error: Error, bytes: number): Error {
    if (!isFullError(error)) {
      this.#fail(error);
      return new LogClosedError(error);
    }
    this.#setState("full");
    this.#retry.start(bytes);
    return new StorageFullError(this.#paths.active, error);
  }

  #setState(state: LogState): void {
    if (this.#state === state || this.#state === "closed") return;
    this.#state = state;
    this.#stateListeners.emit(state);
  }

  /** Tells the readers, after the append that moved the head is through, and once for all appends of one turn. */
  #moved(hasMoved: boolean): void {
    if (!hasMoved || this.#isNotifying) return;
    this.#isNotifying = true;
    queueMicrotask(() => {
      this.#isNotifying = false;
      if (this.#state !== "closed") this.#appendListeners.emit();
    });
  }

  /** Gives up: nothing that is not visible now will be, and the files are left as they are. */
  #fail(error: Error): void {
    if (this.#state === "closed") return;
    this.#failure = error;
    this.#setState("closed");
    this.#visibility.fail(new LogClosedError(error));
    // The first error is the one to report; files that cannot be closed now are closed by the end of the process.
    this.#closing ??= this.#release().catch(() => undefined);
    this.#o.onFatal(error);
  }

  async #close(): Promise<void> {
    await Promise.all([this.#retry.stop(), this.#forgetter.stop(), this.#sync.stop()]);
    if (this.#state === "closed") return this.#release();
    try {
      const isFull = this.#state === "full";
      fs.fsyncSync(this.#active.fd);
      this.#visibility.synced(this.written());
      this.#appendListeners.emit();
      if (!isFull) this.#writeTrailer();
    } catch (error) {
      this.#fail(asError(error));
      await this.#release();
      throw error;
    }
    this.#setState("closed");
    this.#visibility.fail(new LogClosedError());
    await this.#release();
  }

  /** The mark is written behind records that are already synced, so it never vouches for one that is not. */
  #writeTrailer(): void {
    const { fd, size, lastSeq } = this.#active;
    try {
      writeAll(fd, encodeTrailer(lastSeq), size);
      fs.fsyncSync(fd);
    } catch (error) {
      fs.ftruncateSync(fd, size);
      if (!isFullError(error)) throw error;
    }
  }

  async #release(): Promise<void> {
    await Promise.all([this.#retry.stop(), this.#sync.stop(), this.#check.stop(), this.#forgetter.stop()]);
    fs.closeSync(this.#active.fd);
    this.#mark.close();
  }
}
