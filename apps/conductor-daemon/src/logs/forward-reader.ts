import type { EventsPage, LogEntry, LogGap, LogReset } from "@baa/contracts";
import { SourceDownError, type SourcePlace } from "./log-source.ts";
import {
  cursorText,
  entriesOf,
  type ReaderOptions,
  resetsOf,
  sourceFilter,
  type SourceReader,
} from "./source-reader.ts";

/** Reads a source from a place on, oldest first. */
export class ForwardReader implements SourceReader {
  readonly #o: ReaderOptions;
  readonly #resets: LogReset[] = [];
  #place: SourcePlace | undefined;
  /** Oldest first. Everything up to `#scanned` has been looked through. */
  #buffer: LogEntry[] = [];
  #scanned = 0;
  #isAtEnd = false;
  #gap: LogGap | undefined;

  constructor(o: ReaderOptions) {
    this.#o = o;
    this.#place = o.from;
  }

  get name() {
    return this.#o.source.name;
  }
  get gap(): LogGap | undefined {
    return this.#gap;
  }
  get resets(): readonly LogReset[] {
    return this.#resets;
  }

  async peek(): Promise<LogEntry | undefined> {
    while (this.#buffer.length === 0 && this.hasMore() && this.#o.budget.take()) {
      try {
        await this.#fill();
      } catch (error) {
        if (!(error instanceof SourceDownError)) throw error;
        this.#gap = error.gap;
      }
    }
    return this.#buffer[0];
  }

  take(): void {
    const taken = this.#buffer.shift();
    if (taken === undefined || this.#place === undefined) return;
    this.#place = { logId: this.#place.logId, seq: this.#buffer.length > 0 ? taken.seq : this.#scanned };
  }

  place(): SourcePlace | undefined {
    return this.#place;
  }

  hasMore(): boolean {
    return this.#buffer.length > 0 || (!this.#isAtEnd && this.#gap === undefined);
  }

  async #fill(): Promise<void> {
    const { source, filter, limit, signal } = this.#o;
    const after = await this.#after();
    const page = await source.page({ ...sourceFilter(filter), after, limit }, signal);
    this.#resets.push(...resetsOf(source.name, page));
    this.#scanned = page.nextAfter;
    this.#isAtEnd = page.nextAfter >= page.headSeq;
    this.#buffer = entriesOf(source, filter, page.events);
    if (filter.until !== undefined) this.#endAfter(filter.until, page.events);
    const [first] = this.#buffer;
    this.#place = { logId: page.logId, seq: first === undefined ? this.#scanned : first.seq - 1 };
  }

  async #after(): Promise<string | undefined> {
    const { source, filter, signal } = this.#o;
    if (this.#place !== undefined) return cursorText(this.#place);
    return filter.since === undefined ? undefined : String(await source.lastBefore(filter.since, signal));
  }

  /** The first event after `until` ends the source. */
  #endAfter(until: string, events: EventsPage["events"]): void {
    const past = events.find(({ at }) => at > until);
    if (past === undefined) return;
    this.#isAtEnd = true;
    this.#scanned = past.seq - 1;
    this.#buffer = this.#buffer.filter(({ seq }) => seq < past.seq);
  }
}
