import type { EventLog, LogRecordInput } from "@baa/storage";
import { LogClosedError, StorageFullError } from "@baa/storage";
import type { StoredEvent } from "../registry/records.ts";
import type { Registries } from "../registry/registries.ts";

/** An event to append. `at` is given when a reply that goes out beside it names the same moment; else it is now. */
export type NewEvent = Omit<LogRecordInput, "at"> & { readonly at?: string };

/** Event types that are fsynced before anyone is told (E2); everything else is synced by group commit. */
const SYNCED = new Set([
  "session.created",
  "session.updated",
  "session.deleted",
  "session.purged",
  "session.forgotten",
  "session.fileAdded",
  "session.compactRequested",
  "turn.accepted",
  "turn.forwarding",
  "turn.steered",
  "turn.interruptRequested",
  "turn.completed",
  "turn.failed",
  "turn.interrupted",
  "turn.lost",
  "approval.requested",
  "approval.decided",
  "approval.resolved",
]);

export interface JournalOptions {
  readonly log: EventLog;
  readonly registries: Registries;
  readonly now: () => string;
}

/**
 * Append first, then derive: the one way by which anything happens in codexd. An event is written
 * to the log, then folded into the registries, then shown to listeners.
 */
export class Journal {
  readonly log: EventLog;
  readonly registries: Registries;
  readonly #now: () => string;
  readonly #listeners = new Set<(event: StoredEvent) => void>();
  readonly #deferred: (() => void)[] = [];
  readonly #heldListeners = new Set<(held: boolean) => void>();
  #draining = false;

  constructor(options: JournalOptions) {
    this.log = options.log;
    this.registries = options.registries;
    this.#now = options.now;
    this.log.onState((state) => {
      if (state === "ok") this.#drain();
    });
  }

  /**
   * Writes the events as one batch and folds them. Returns the last seq.
   * Throws StorageFullError when the disk is full; then nothing of the batch was kept.
   */
  append(events: readonly NewEvent[]): number {
    const at = this.#now();
    const records = events.map((event) => ({ ...event, at: event.at ?? at }));
    const { firstSeq, lastSeq } = this.log.append(records, { sync: events.some((event) => SYNCED.has(event.type)) });
    records.forEach((record, index) => {
      const stored: StoredEvent = { ...record, seq: firstSeq + index };
      this.registries.apply(stored);
      for (const listener of this.#listeners) listener(stored);
    });
    return lastSeq;
  }

  /** Appends, and waits until the events may be told to anyone (E2). */
  async appendVisible(events: readonly NewEvent[]): Promise<number> {
    const seq = this.append(events);
    await this.log.whenVisible(seq);
    return seq;
  }

  /** Waits until everything appended so far may be told: a read answers nothing that is not yet safe. */
  async settled(): Promise<void> {
    await this.log.whenVisible(this.log.written());
  }

  /**
   * Runs a step that appends and that must happen sooner or later: now, or, when the disk is full,
   * in order as soon as there is space. The step is run again from its start, so it must not have
   * changed anything before its append.
   */
  obliged(step: () => void): void {
    if (this.#deferred.length > 0) {
      this.#defer(step);
      return;
    }
    try {
      step();
    } catch (error) {
      // Nothing more can happen in this process; the next start goes on from disk.
      if (error instanceof LogClosedError) return;
      if (!(error instanceof StorageFullError)) throw error;
      this.#defer(step);
    }
  }

  /** Whether steps wait for space; the child is not read from meanwhile. */
  get isHeld(): boolean {
    return this.#deferred.length > 0;
  }

  onHeld(listener: (held: boolean) => void): () => void {
    this.#heldListeners.add(listener);
    return () => this.#heldListeners.delete(listener);
  }

  #defer(step: () => void): void {
    this.#deferred.push(step);
    if (this.#deferred.length === 1) for (const listener of this.#heldListeners) listener(true);
  }

  /** The time of events, as text. */
  nowText(): string {
    return this.#now();
  }

  onEvent(listener: (event: StoredEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    try {
      while (this.#deferred.length > 0) {
        const step = this.#deferred[0] as () => void;
        step();
        this.#deferred.shift();
        if (this.#deferred.length === 0) for (const listener of this.#heldListeners) listener(false);
      }
    } catch (error) {
      if (!(error instanceof StorageFullError)) throw error;
    } finally {
      this.#draining = false;
    }
  }
}
