import fs from "node:fs";
import { isFullError } from "./errors.ts";
import { writeAll } from "./file-io.ts";

const PROBE_BYTES_MIN = 65_536;

interface FullRetryOptions {
  intervalMs: number;
  /** The file to try on, and its true end. */
  target: () => { fd: number; size: number };
  onRoom: () => void;
  onError: (error: Error) => void;
}

/**
 * While the disk is full: every interval writes some bytes behind the end of the active segment, syncs them and cuts them
 * off again. They hold no newline, so a crash in between leaves a torn end that the next open cuts.
 */
export class FullRetry {
  readonly #o: FullRetryOptions;
  #timer: NodeJS.Timeout | undefined;
  #probeBytes = PROBE_BYTES_MIN;
  #probing: Promise<void> = Promise.resolve();

  constructor(options: FullRetryOptions) {
    this.#o = options;
  }

  /** Starts trying until there is room for at least `bytes`. */
  start(bytes: number): void {
    this.#probeBytes = Math.max(PROBE_BYTES_MIN, bytes);
    this.#arm();
  }

  /** Ends trying; resolves when a probe under way has been taken back. */
  stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#probing;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#probing = this.#probe();
    }, this.#o.intervalMs);
  }

  async #probe(): Promise<void> {
    const { fd, size } = this.#o.target();
    try {
      const hasRoom = await tryWrite(fd, size, this.#probeBytes);
      if (this.#timer === undefined) return;
      if (hasRoom) this.#o.onRoom();
      else this.#arm();
    } catch (error) {
      this.#o.onError(error as Error);
    }
  }
}

/** True when `bytes` bytes could be stored behind `size`; the file is cut back to `size` in every case. */
async function tryWrite(fd: number, size: number, bytes: number): Promise<boolean> {
  try {
    writeAll(fd, Buffer.alloc(bytes), size);
    await new Promise<void>((resolve, reject) => fs.fsync(fd, (error) => (error === null ? resolve() : reject(error))));
    return true;
  } catch (error) {
    if (!isFullError(error)) throw error;
    return false;
  } finally {
    fs.ftruncateSync(fd, size);
  }
}
