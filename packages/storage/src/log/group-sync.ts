import fs from "node:fs";
import { syncData } from "./file-io.ts";

interface GroupSyncOptions {
  intervalMs: number;
  bytes: number;
  /** The file to sync now, and the number of the last record written to it. */
  target: () => { fd: number; lastSeq: number };
  onSynced: (lastSeq: number) => void;
  onError: (error: Error) => void;
}

interface Waiter {
  resolve: () => void;
  reject: (error: Error) => void;
}

/**
 * Group commit. One fsync is in flight at a time, on the thread pool; what asks for one meanwhile is covered by the next.
 * Written bytes that nobody asked for are synced after `intervalMs` or `bytes`, whichever comes first.
 */
export class GroupSync {
  readonly #o: GroupSyncOptions;
  #inFlight: number | undefined;
  #isWanted = false;
  #unsyncedBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #retired: number[] = [];
  #onIdle: (() => void)[] = [];
  /** Those who wait for the next fsync, and those whom the one in flight covers. */
  #waiting: Waiter[] = [];
  #covering: Waiter[] = [];
  #isStopped = false;

  constructor(options: GroupSyncOptions) {
    this.#o = options;
  }

  /** Bytes were written. With `now` they are synced at once, together with all else of this turn of the loop. */
  wrote(bytes: number, now: boolean): void {
    this.#unsyncedBytes += bytes;
    if (now || this.#unsyncedBytes >= this.#o.bytes) this.#request();
    else this.#arm();
  }

  /** Resolves when everything written so far is on disk; rejects when that failed. */
  all(): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#request();
    });
  }

  /** Everything written so far was synced by somebody else (a roll). */
  covered(): void {
    this.#unsyncedBytes = 0;
  }

  /** Closes a file that is not the target any more, as soon as no fsync uses it. */
  retire(fd: number): void {
    if (this.#inFlight === fd) this.#retired.push(fd);
    else fs.closeSync(fd);
  }

  /** No further fsync starts; resolves when the one in flight is done. */
  stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    // Whoever still waits is covered by the sync that follows a stop.
    for (const { resolve } of this.#waiting.splice(0)) resolve();
    if (this.#inFlight === undefined) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#unsyncedBytes > 0) this.#request();
    }, this.#o.intervalMs);
    this.#timer.unref();
  }

  #request(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    if (this.#inFlight === undefined) queueMicrotask(() => this.#start());
  }

  #start(): void {
    if (this.#isStopped || this.#inFlight !== undefined) return;
    this.#isWanted = false;
    this.#unsyncedBytes = 0;
    const { fd, lastSeq } = this.#o.target();
    this.#covering = this.#waiting.splice(0);
    this.#inFlight = fd;
    syncData(fd, (error) => this.#done(lastSeq, error));
  }

  #done(lastSeq: number, error: Error | null): void {
    this.#inFlight = undefined;
    for (const fd of this.#retired.splice(0)) fs.closeSync(fd);
    if (error !== null) this.#o.onError(error);
    else this.#o.onSynced(lastSeq);
    for (const waiter of this.#covering.splice(0)) {
      if (error === null) waiter.resolve();
      else waiter.reject(error);
    }
    for (const resolve of this.#onIdle.splice(0)) resolve();
    if (this.#isWanted) this.#start();
  }
}
