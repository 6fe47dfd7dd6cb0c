import { LOG_SOURCES, type LogEntry, type LogsPage, type LogsQuery, LOG_TYPES_DEFAULT } from "@baa/contracts";
import { createFilter, ProblemError } from "@baa/http";
import { BackwardReader } from "./backward-reader.ts";
import { ForwardReader } from "./forward-reader.ts";
import { formatCursor, type LogCursor, type LogOrder, parseLogCursor } from "./log-cursor.ts";
import type { LogSource, SourcePlace } from "./log-source.ts";
import { mergeEntries } from "./merge.ts";
import { type EntryFilter, ReadBudget, type SourceReader } from "./source-reader.ts";
import { waitForMore } from "./wait.ts";

/** What one page may read: pages of the sources, and milliseconds. */
const BUDGET = { pages: 48, ms: 2_000 };
/** Pages asked of a source at a time. */
const SOURCE_LIMIT_MAX = 500;
/** Readers that may wait at once; each holds a call at codexd. */
const WAITERS_MAX = 64;

interface Reading {
  readonly order: LogOrder;
  readonly sources: readonly LogSource[];
  readonly filter: EntryFilter;
  readonly limit: number;
}

/** One index over the logs of several services. */
export class LogIndex {
  readonly #sources: readonly LogSource[];
  #waiters = 0;

  constructor(sources: readonly LogSource[]) {
    this.#sources = sources;
  }

  /**
   * One page. A source that is down is named in `partial`; the others are read.
   * @throws ProblemError bad_cursor, invalid, too_many_connections, stopping.
   */
  async page(query: LogsQuery, signal: AbortSignal): Promise<LogsPage> {
    const cursor = cursorOf(query);
    const reading = this.#readingOf(query, cursor.order);
    const isWaiting = query.waitMs > 0 && cursor.order === "oldest" && query.until === undefined;
    try {
      if (!isWaiting) return (await readPage(reading, cursor, signal)).page;
      return await this.#wait(() => follow(reading, cursor, { waitMs: query.waitMs, signal }));
    } catch (error) {
      throw signal.aborted ? new ProblemError("stopping", undefined, { cause: error }) : error;
    }
  }

  async #wait<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiters >= WAITERS_MAX) throw new ProblemError("too_many_connections", undefined, { retryAfterS: 5 });
    this.#waiters += 1;
    try {
      return await work();
    } finally {
      this.#waiters -= 1;
    }
  }

  #readingOf(query: LogsQuery, order: LogOrder): Reading {
    const { sessionId, turnId, types = LOG_TYPES_DEFAULT, since, until, text, limit, source } = query;
    createFilter({ types }); // a wrong pattern is refused here, whichever source is up
    const names = source?.split(",") ?? LOG_SOURCES;
    const filter: EntryFilter = {
      sessionId,
      turnId,
      types,
      since: since === undefined ? undefined : new Date(since).toISOString(),
      until: until === undefined ? undefined : new Date(until).toISOString(),
      text: text?.toLowerCase(),
    };
    return { order, filter, limit, sources: this.#sources.filter(({ name }) => names.includes(name)) };
  }
}

/** @throws ProblemError bad_cursor */
const cursorOf = (query: LogsQuery): LogCursor => {
  if (query.cursor === undefined) return { order: query.order ?? "oldest", places: new Map() };
  const cursor = parseLogCursor(query.cursor);
  if (query.order !== undefined && query.order !== cursor.order) {
    throw new ProblemError("bad_cursor", `this cursor goes on with order=${cursor.order}`);
  }
  return cursor;
};

/** Pages until there is something in one, or the time is over. */
async function follow(
  reading: Reading,
  from: LogCursor,
  o: { waitMs: number; signal: AbortSignal },
): Promise<LogsPage> {
  const untilMs = performance.now() + o.waitMs;
  let cursor = from;
  for (;;) {
    const { page, cursor: next } = await readPage(reading, cursor, o.signal);
    const leftMs = untilMs - performance.now();
    const isEmpty = page.entries.length === 0 && page.resets === undefined;
    if (!isEmpty || page.hasMore || leftMs <= 0) return page;
    cursor = next;
    const down = new Set(page.partial.map(({ source }) => source));
    await waitForMore({
      sources: reading.sources,
      isDown: (name) => down.has(name),
      places: cursor.places,
      filter: reading.filter,
      waitMs: leftMs,
      signal: o.signal,
    });
    if (o.signal.aborted) return page;
  }
}

async function readPage(
  reading: Reading,
  cursor: LogCursor,
  signal: AbortSignal,
): Promise<{ page: LogsPage; cursor: LogCursor }> {
  const { order, sources, filter, limit } = reading;
  const budget = new ReadBudget(BUDGET);
  const make = order === "oldest" ? ForwardReader : BackwardReader;
  const readers = sources.map(
    (source): ForwardReader | BackwardReader =>
      new make({
        source,
        from: cursor.places.get(source.name),
        limit: Math.min(limit, SOURCE_LIMIT_MAX),
        filter,
        budget,
        signal,
      }),
  );
  const entries = await mergeEntries(readers, { order, limit });
  const next = { order, places: placesOf(readers, cursor) };
  return { page: pageOf({ entries, readers, next, isFirst: cursor.places.size === 0, sources, filter }), cursor: next };
}

/** A source that was not read (it is down, or was not asked for) keeps its place. */
const placesOf = (readers: readonly SourceReader[], before: LogCursor): LogCursor["places"] => {
  const places = new Map(before.places);
  for (const reader of readers) {
    const place = reader.place();
    if (place !== undefined) places.set(reader.name, place);
  }
  return places;
};

function pageOf(o: {
  entries: LogEntry[];
  readers: readonly (ForwardReader | BackwardReader)[];
  next: LogCursor;
  isFirst: boolean;
  sources: readonly LogSource[];
  filter: EntryFilter;
}): LogsPage {
  const { entries, readers, next } = o;
  const partial = readers.flatMap(({ gap }) => (gap === undefined ? [] : [gap]));
  const resets = readers.flatMap((reader) => reader.resets);
  const hasMore = readers.some((reader) => reader.hasMore());
  const isOver = next.order === "newest" && !hasMore && partial.length === 0;
  const isFollowed = next.order === "newest" && o.isFirst && o.filter.until === undefined;
  return {
    entries,
    nextCursor: isOver ? null : formatCursor(next),
    ...(isFollowed ? { followCursor: formatCursor({ order: "oldest", places: endsOf(readers, o.sources) }) } : {}),
    hasMore,
    partial,
    ...(resets.length === 0 ? {} : { resets }),
  };
}

/** The ends of the sources as this page saw them; of one that is down, as far as it was ever heard. */
const endsOf = (
  readers: readonly (ForwardReader | BackwardReader)[],
  sources: readonly LogSource[],
): LogCursor["places"] => {
  const ends = readers.map((reader): readonly [LogSource["name"], SourcePlace | undefined] => [
    reader.name,
    (reader instanceof BackwardReader ? reader.end : undefined) ??
      sources.find(({ name }) => name === reader.name)?.knownEnd(),
  ]);
  return new Map(ends.flatMap(([name, end]) => (end === undefined ? [] : [[name, end] as const])));
};
