import { BatchPass } from "./batch.ts";
import type { EventSource } from "./event-source.ts";
import type { FeedLimits } from "./limits.ts";
import type { FeedReader } from "./reader.ts";

/** One pass never holds the loop longer than about this; the rest follows in the next turn of the loop. */
const PASS_BUDGET_MS = 8;

export interface HubOptions {
  readonly source: EventSource;
  readonly limits: FeedLimits;
  readonly clock: { monoMs(): number };
  /** Told when a reader failed; that reader is destroyed, the others go on. */
  readonly onReaderError: (error: unknown) => void;
}

/**
 * Wakes readers. An append only marks them; all that are marked are drained together in the next turn of
 * the loop, so publishing never waits for a reader and readers at the same place share one read.
 */
export class FeedHub {
  readonly #o: HubOptions;
  readonly #readers = new Set<FeedReader>();
  #pending = new Set<FeedReader>();
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(o: HubOptions) {
    this.#o = o;
  }

  get size(): number {
    return this.#readers.size;
  }
  get readers(): Iterable<FeedReader> {
    return this.#readers;
  }

  add(reader: FeedReader): void {
    this.#readers.add(reader);
    this.#unsubscribe ??= this.#o.source.onAppend(() => this.#wakeAll());
    this.#timer ??= setInterval(() => this.#tick(), this.#o.limits.tickMs);
    this.wake(reader);
  }

  remove(reader: FeedReader): void {
    this.#readers.delete(reader);
    this.#pending.delete(reader);
    if (this.#readers.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    clearInterval(this.#timer);
    this.#timer = undefined;
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
  }

  wake(reader: FeedReader): void {
    if (!this.#readers.has(reader)) return;
    this.#pending.add(reader);
    this.#schedule();
  }

  #wakeAll(): void {
    for (const reader of this.#readers) if (!reader.isBlocked) this.#pending.add(reader);
    if (this.#pending.size > 0) this.#schedule();
  }

  #schedule(): void {
    this.#immediate ??= setImmediate(() => this.#drainPending());
  }

  #drainPending(): void {
    this.#immediate = undefined;
    const turn = this.#pending;
    this.#pending = new Set();
    const again: FeedReader[] = [];
    const pass = new BatchPass(this.#o.source, this.#o.limits);
    const untilMs = this.#o.clock.monoMs() + PASS_BUDGET_MS;
    for (const reader of turn) {
      if (this.#o.clock.monoMs() > untilMs) this.#pending.add(reader);
      else if (this.#guarded(reader, () => reader.drain(pass)) === "more") again.push(reader);
    }
    // Those that did not get a turn stand first.
    for (const reader of again) this.#pending.add(reader);
    if (this.#pending.size > 0) this.#schedule();
  }

  #tick(): void {
    const nowMs = this.#o.clock.monoMs();
    for (const reader of this.#readers) this.#guarded(reader, () => reader.tick(nowMs));
  }

  #guarded<T>(reader: FeedReader, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#o.onReaderError(error);
      reader.destroy();
      this.remove(reader);
      return undefined;
    }
  }
}
