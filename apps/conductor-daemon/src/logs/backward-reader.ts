import { BufferedReader } from "./buffered-reader.ts";
import { HeldEntries } from "./held-entries.ts";
import type { SourcePlace } from "./log-source.ts";
import { cursorText, entriesOf, type ReaderOptions, resetsOf, sourceFilter } from "./source-reader.ts";

/** Events looked through in one step back: more and more while few of them fit. */
const WINDOW = { first: 256, most: 4_096 };

/**
 * Reads a source from a place back, newest first: logs are read forward only, so it reads windows and turns them.
 * Everything from `searched` on has been looked through.
 */
export class BackwardReader extends BufferedReader {
  #end: SourcePlace | undefined;
  /** Where reading ends; known, as `#end` is, once the source has answered. */
  #oldest = 1;
  #window = WINDOW.first;

  constructor(o: ReaderOptions) {
    super(o, 1);
  }

  /** The end of the source when reading began. */
  get end(): SourcePlace | undefined {
    return this.#end;
  }

  protected isAtEnd(): boolean {
    return this.#end !== undefined && (this.at?.seq ?? 0) <= this.#oldest;
  }

  protected async fill(): Promise<void> {
    if (this.#end === undefined || this.at === undefined) await this.#begin();
    else await this.#stepBack(this.at);
  }

  /** Finds both ends of what is to be read, and whether the place that was given can still be honoured. */
  async #begin(): Promise<void> {
    const { source, filter, signal } = this.o;
    const after = this.at === undefined ? undefined : cursorText({ ...this.at, seq: this.at.seq - 1 });
    const page = await source.page({ limit: 1, after }, signal);
    const { logId, headSeq, oldestSeq } = page;
    const { since, until } = filter;
    const isOther = page.reset?.reason === "other_log";
    if (this.at === undefined || isOther) {
      const last = until === undefined ? headSeq : await source.lastBefore(justAfter(until), signal);
      this.at = { logId, seq: last + 1 };
    }
    if (isOther) this.found.push(...resetsOf(source.name, page));
    this.at = { logId, seq: Math.min(this.at.seq, headSeq + 1) };
    const first = since === undefined ? 1 : (await source.lastBefore(since, signal)) + 1;
    this.#oldest = Math.max(oldestSeq, first);
    this.#end = { logId, seq: headSeq };
  }

  /** Looks through one window before `place`. */
  async #stepBack({ logId, seq: end }: SourcePlace): Promise<void> {
    const { source, filter, limit, signal } = this.o;
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
    this.searched = Math.max(low, held.droppedUpTo + 1);
    this.buffer = held.newestFirst();
    const [newest] = this.buffer;
    this.at = { logId, seq: newest === undefined ? this.searched : newest.seq + 1 };
  }
}

const justAfter = (at: string): string => new Date(Date.parse(at) + 1).toISOString();
