import type { EventsPage } from "@baa/contracts";
import { BufferedReader } from "./buffered-reader.ts";
import { cursorText, entriesOf, type ReaderOptions, resetsOf, sourceFilter } from "./source-reader.ts";

/** Reads a source from a place on, oldest first. Everything up to `searched` has been looked through. */
export class ForwardReader extends BufferedReader {
  #isAtEnd = false;

  constructor(o: ReaderOptions) {
    super(o, 0);
  }

  protected isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  protected async fill(): Promise<void> {
    const { source, filter, limit, signal } = this.o;
    const after = await this.#after();
    const page = await source.page({ ...sourceFilter(filter), after, limit }, signal);
    this.found.push(...resetsOf(source.name, page));
    this.searched = page.nextAfter;
    this.#isAtEnd = page.nextAfter >= page.headSeq;
    this.buffer = entriesOf(source, filter, page.events);
    if (filter.until !== undefined) this.#endAfter(filter.until, page.events);
    const [first] = this.buffer;
    this.at = { logId: page.logId, seq: first === undefined ? this.searched : first.seq - 1 };
  }

  async #after(): Promise<string | undefined> {
    const { source, filter, signal } = this.o;
    if (this.at !== undefined) return cursorText(this.at);
    return filter.since === undefined ? undefined : String(await source.lastBefore(filter.since, signal));
  }

  /** The first event after `until` ends the source. */
  #endAfter(until: string, events: EventsPage["events"]): void {
    const past = events.find(({ at }) => at > until);
    if (past === undefined) return;
    this.#isAtEnd = true;
    this.searched = past.seq - 1;
    this.buffer = this.buffer.filter(({ seq }) => seq < past.seq);
  }
}
