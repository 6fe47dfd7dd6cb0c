import type { LogEntry, LogGap, LogReset } from "@baa/contracts";
import { HeldEntries } from "./held-entries.ts";
import { SourceDownError, type SourcePlace } from "./log-source.ts";
import {
  cursorText,
  entriesOf,
  type ReaderOptions,
  resetsOf,
  sourceFilter,
  type SourceReader,
} from "./source-reader.ts";

/** Events looked through in one step back: more and more while few of them fit. */
const WINDOW = { first: 256, most: 4_096 };

/** Reads a source from a place back, newest first: logs are read forward only, so it reads windows and turns them. */
export class BackwardReader implements SourceReader {
  readonly #o: ReaderOptions;
  readonly #resets: LogReset[] = [];
  /** Everything from here on has been taken or does not fit. */
  #place: SourcePlace | undefined;
  #end: SourcePlace | undefined;
  /** Where reading ends; known, as `#end` is, once the source has answered. */
  #oldest = 1;
  /** Newest first. Everything from `#low` on has been looked through. */
  #buffer: LogEntry[] = [];
  #low = 1;
  #window = WINDOW.first;
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
  /** The end of the source when reading began. */
  get end(): SourcePlace | undefined {
    return this.#end;
  }

  async peek(): Promise<LogEntry | undefined> {
    while (this.#buffer.length === 0 && this.hasMore() && this.#o.budget.take()) {
      try {
        if (this.#end === undefined || this.#place === undefined) await this.#begin();
        else await this.#stepBack(this.#place);
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
    this.#place = { logId: this.#place.logId, seq: this.#buffer.length > 0 ? taken.seq : this.#low };
  }

  place(): SourcePlace | undefined {
    return this.#place;
  }

  hasMore(): boolean {
    if (this.#buffer.length > 0) return true;
    if (this.#gap !== undefined) return false;
    return this.#end === undefined || (this.#place?.seq ?? 0) > this.#oldest;
  }

  /** Finds both ends of what is to be read, and whether the place that was given can still be honoured. */
  async #begin(): Promise<void> {
    const { source, filter, signal } = this.#o;
    const after = this.#place === undefined ? undefined : cursorText({ ...this.#place, seq: this.#place.seq - 1 });
    const page = await source.page({ limit: 1, after }, signal);
    const { logId, headSeq, oldestSeq } = page;
    const { since, until } = filter;
    const isOther = page.reset?.reason === "other_log";
    if (this.#place === undefined || isOther) {
      const last = until === undefined ? headSeq : await source.lastBefore(justAfter(until), signal);
      this.#place = { logId, seq: last + 1 };
    }
    if (isOther) this.#resets.push(...resetsOf(source.name, page));
    this.#place = { logId, seq: Math.min(this.#place.seq, headSeq + 1) };
    const first = since === undefined ? 1 : (await source.lastBefore(since, signal)) + 1;
    this.#oldest = Math.max(oldestSeq, first);
    this.#end = { logId, seq: headSeq };
  }

  /** Looks through one window before `place`. */
  async #stepBack({ logId, seq: end }: SourcePlace): Promise<void> {
    const { source, filter, limit, signal } = this.#o;
    const low = Math.max(this.#oldest, end - this.#window);
    const held = new HeldEntries(limit);
    let found = 0;
    for (let after = low - 1; after < end - 1;) {
      const query = { ...sourceFilter(filter), after: cursorText({ logId, seq: after }), limit: this.#window };
      const page = await source.page(query, signal);
      const entries = entriesOf(source, filter, page.events).filter(({ seq }) => seq < end);
      for (const entry of entries) held.add(entry);
      found += entries.length;
      if (page.nextAfter <= after) break;
      after = page.nextAfter;
    }
    if (found < limit) this.#window = Math.min(this.#window * 2, WINDOW.most);
    this.#low = Math.max(low, held.droppedUpTo + 1);
    this.#buffer = held.newestFirst();
    const [newest] = this.#buffer;
    this.#place = { logId, seq: newest === undefined ? this.#low : newest.seq + 1 };
  }
}

const justAfter = (at: string): string => new Date(Date.parse(at) + 1).toISOString();
