import type { LostConnection } from "@baa/codex-app-server";
import type { NewEvent } from "../journal/journal.ts";

export interface GapOptions {
  readonly nowText: () => string;
  /** The newest event when the daemon began; 0 = it begins with an empty log, so nothing can have been missed. */
  readonly lastSeq: number;
}

/**
 * What was missed while there was no connection to an app-server that is not ours: one `child.gap` when it is back.
 * Deltas sent meanwhile are gone for good; how turns ended is looked up in Codex's history.
 */
export class ConnectionGap {
  readonly #nowText: () => string;
  #open: { lastSeq: number; since?: string; reason: string } | undefined;
  #threads: readonly string[] = [];

  /** The daemon's own absence is the first gap. */
  constructor(o: GapOptions) {
    this.#nowText = o.nowText;
    this.#open = o.lastSeq === 0 ? undefined : { lastSeq: o.lastSeq, reason: "codexd was not running" };
  }

  lost(lost: LostConnection, o: { lastSeq: number; threads: readonly string[] }): void {
    this.#open = { lastSeq: o.lastSeq, since: this.#nowText(), reason: lost.reason };
    this.#threads = o.threads;
  }

  /** The event to append now that a connection is ready, if anything can have been missed. */
  event(generation: number): NewEvent | undefined {
    return this.#open && { type: "child.gap", data: { generation, ...this.#open } };
  }

  /** The gap is in the log. Returns the threads that were loaded before it. */
  close(): readonly string[] {
    const threads = this.#threads;
    this.#open = undefined;
    this.#threads = [];
    return threads;
  }
}
