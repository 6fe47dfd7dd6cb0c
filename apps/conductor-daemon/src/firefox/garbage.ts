import type { Logger } from "@baa/process";
import type { Store } from "../store/store.ts";
import type { CommandRows } from "./command-rows.ts";
import type { ResultFiles } from "./result-files.ts";
import type { UserEvents } from "./user-events.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;
/** How long ended commands, and the ids of what users sent, are kept. */
const KEPT_MS = 30 * DAY_MS;
/** Ended commands kept at most, and characters of their results together. */
const COMMANDS_KEPT = 10_000;
const RESULT_CHARS_KEPT = 1024 * 1024 * 1024;
/** Characters of new results after which it is looked at once more. */
const LOOK_CHARS = 256 * 1024 * 1024;

export interface GarbageOptions {
  readonly store: Store;
  readonly rows: CommandRows;
  readonly files: ResultFiles;
  readonly userEvents: UserEvents;
  readonly nowMs: () => number;
  readonly logger: Pick<Logger, "info" | "warn">;
  /** For tests. */
  readonly keep?: { readonly rows: number; readonly chars: number };
}

/** Takes away what is old or too much: at a start, every hour, and when much has come. */
export class Garbage {
  readonly #o: GarbageOptions;
  #timer: NodeJS.Timeout | undefined;
  #newChars = 0;

  constructor(o: GarbageOptions) {
    this.#o = o;
  }

  /** Removes what a dead conductor left half done. Only before anything comes in. */
  recover(): void {
    const { files, rows, logger } = this.#o;
    const removed = files.removeOrphans((id) => rows.head(id)?.state === "completed");
    if (removed > 0) logger.info({ event: "firefox.orphansRemoved", removed }, "results that no command has are gone");
  }

  start(): void {
    this.#try(() => this.collect());
    this.#timer = setInterval(() => this.#try(() => this.collect()), HOUR_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** A result of so many characters was stored. */
  noteResult(chars: number): void {
    this.#newChars += chars;
    if (this.#newChars >= LOOK_CHARS) this.#try(() => this.collect());
  }

  collect(): void {
    const { store, rows, files, userEvents, nowMs, keep } = this.#o;
    this.#newChars = 0;
    const sinceMs = nowMs() - KEPT_MS;
    const limits = { sinceMs, rows: keep?.rows ?? COMMANDS_KEPT, chars: keep?.chars ?? RESULT_CHARS_KEPT };
    const dropped = store.write(() => {
      userEvents.dropOld(sinceMs);
      return rows.dropEnded(limits);
    });
    files.remove(dropped);
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (err) {
      this.#o.logger.warn({ event: "firefox.collectFailed", err }, "old commands stay until the next time");
    }
  }
}
