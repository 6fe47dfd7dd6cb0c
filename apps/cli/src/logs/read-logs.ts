import { LOG_SOURCES, type LogEntry, type LogsPage, type LogsQuery } from "@baa/contracts";
import type { Context } from "../context.ts";
import { usageError } from "../errors.ts";
import type { ExitName } from "../exit-codes.ts";
import { resolveSession } from "../ids.ts";
import { durationMs } from "../options.ts";
import { eventLine } from "../output/event-line.ts";
import { patiently } from "../patience.ts";
import { needConductor } from "../commands/control.ts";
import { LINES, type LogsOptions } from "../commands/logs.ts";

const PAGE = 1_000;
/** How long one question waits for something new. */
const FOLLOW_MS = 30_000;

/** A duration back from now, or a time; as RFC 3339. */
const timeOf = (word: string): string => {
  const atMs = /^\d{4}-\d\d-\d\d/.test(word) ? Date.parse(word) : Date.now() - durationMs(word);
  if (Number.isNaN(atMs)) throw usageError(`${word} is no time such as 2026-11-26T12:00:00Z`);
  return new Date(atMs).toISOString();
};

const sourceOf = (word: string): string => {
  const wrong = word.split(",").find((name) => !LOG_SOURCES.some((known) => known === name));
  if (wrong !== undefined) throw usageError(`${wrong} is no source; known: ${LOG_SOURCES.join(", ")}`);
  return word;
};

/** Prints what was asked for, and with `follow` what comes. */
export const readLogs = async (context: Context, o: LogsOptions): Promise<ExitName> => {
  const { codex } = await context.connect();
  const sessionId = o.session === undefined ? undefined : await resolveSession(codex, o.session, context.signal);
  const filters = {
    since: o.since === undefined ? undefined : timeOf(o.since),
    until: o.until === undefined ? undefined : timeOf(o.until),
    source: o.source === undefined ? undefined : sourceOf(o.source),
    types: o.types,
    sessionId,
    turnId: o.turn,
    text: o.grep,
  };
  const reader = new LogReader(context, filters);
  try {
    const isAllSince = o.since !== undefined && o.lines === undefined;
    const cursor = isAllSince ? undefined : await reader.latest(o.lines ?? LINES);
    if (isAllSince || o.follow === true) await reader.forward(cursor, o.follow === true);
  } catch (error) {
    // Ctrl-C is how following ends.
    if (o.follow !== true || !context.signal.aborted) throw error;
  }
  return reader.isWhole ? "ok" : "degraded";
};

type Filters = Pick<LogsQuery, "since" | "until" | "source" | "types" | "sessionId" | "turnId"> & {
  readonly text?: string | undefined;
};

/** Reads and prints the one index, and says once what of it could not be read. */
class LogReader {
  readonly #context: Context;
  readonly #filters: Filters;
  #missing = new Map<string, string>();

  constructor(context: Context, filters: Filters) {
    this.#context = context;
    this.#filters = filters;
  }

  /** Whether every source answered at last. */
  get isWhole(): boolean {
    return this.#missing.size === 0;
  }

  /** The newest entries, oldest of them first. Returns the cursor that goes on behind them. */
  async latest(count: number): Promise<string | undefined> {
    const found: LogEntry[] = [];
    let cursor: string | undefined;
    let follow: string | undefined;
    for (;;) {
      const page = await this.#page({ order: "newest", limit: Math.min(PAGE, count - found.length), cursor });
      follow ??= page.followCursor;
      found.push(...page.entries);
      if (page.nextCursor === null || !page.hasMore || found.length >= count) break;
      cursor = page.nextCursor;
    }
    await this.#print(found.toReversed());
    return follow;
  }

  /** From a place on, oldest first; with `follow` until Ctrl-C. */
  async forward(from: string | undefined, follow: boolean): Promise<void> {
    let cursor = from;
    for (;;) {
      const page = await this.#page({ order: "oldest", limit: PAGE, cursor, waitMs: follow ? FOLLOW_MS : 0 });
      await this.#print(page.entries);
      cursor = page.nextCursor ?? cursor;
      if (!follow && !page.hasMore) return;
    }
  }

  async #page(query: Partial<LogsQuery>): Promise<LogsPage> {
    const conductor = await needConductor(this.#context);
    const page = await patiently(this.#context, () =>
      conductor.logs({ query: { ...this.#filters, ...query }, signal: this.#context.signal }),
    );
    this.#tellGaps(page);
    return page;
  }

  #tellGaps({ partial, resets = [] }: LogsPage): void {
    const { out } = this.#context;
    const now = new Map(partial.map(({ source, reason }) => [source, reason]));
    for (const [source, reason] of now) {
      if (this.#missing.get(source) !== reason)
        out.warn("partial", `${source} cannot be read (${reason}); what it has is missing here`);
    }
    for (const source of this.#missing.keys()) {
      if (!now.has(source)) out.note(`${source} can be read again; what was missing follows`);
    }
    this.#missing = now;
    for (const { source, from, to } of resets) {
      out.warn("entries_gone", `of ${source} the entries ${from} to ${to} are not kept any more`);
    }
  }

  async #print(entries: readonly LogEntry[]): Promise<void> {
    const { out } = this.#context;
    for (const entry of entries) {
      if (out.json) await out.jsonLine(entry);
      else await out.line(eventLine(entry, out.style));
    }
  }
}
