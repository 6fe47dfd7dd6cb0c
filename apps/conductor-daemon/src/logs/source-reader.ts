import type { LogEntry, LogGap, LogReset, LogSourceName, EventsPage } from "@baa/contracts";
import type { LogSource, SourcePlace } from "./log-source.ts";

/** Reading one source in one direction, for one page of the index. */
export interface SourceReader {
  readonly name: LogSourceName;
  /** The next entry; undefined at the end of the source, when it is down, or when the work of this page is used up. */
  peek(): Promise<LogEntry | undefined>;
  /** Takes what `peek` showed. */
  take(): void;
  /** Where reading goes on; undefined when the source has no place yet. */
  place(): SourcePlace | undefined;
  /** Whether there is more to read at once. */
  hasMore(): boolean;
  /** Set when the source could not be read. */
  readonly gap: LogGap | undefined;
  readonly resets: readonly LogReset[];
}

/** How much one page of the index may read, whatever the filters refuse. */
export class ReadBudget {
  #pages: number;
  readonly #untilMs: number;

  constructor(o: { pages: number; ms: number }) {
    this.#pages = o.pages;
    this.#untilMs = performance.now() + o.ms;
  }

  /** Whether one more page may be read. */
  take(): boolean {
    this.#pages -= 1;
    return this.#pages >= 0 && performance.now() < this.#untilMs;
  }
}

export interface ReaderOptions {
  readonly source: LogSource;
  /** Where the last page ended; undefined begins anew. */
  readonly from: SourcePlace | undefined;
  readonly limit: number;
  readonly filter: EntryFilter;
  readonly budget: ReadBudget;
  readonly signal: AbortSignal;
}

/** What an entry must be; the first three are looked at by the source itself. */
export interface EntryFilter {
  readonly sessionId?: string | undefined;
  readonly turnId?: string | undefined;
  readonly types: string;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** Lower case. */
  readonly text?: string | undefined;
}

/** The part of a filter that a source looks at. */
export const sourceFilter = ({ sessionId, turnId, types }: EntryFilter) => ({ sessionId, turnId, types });

/** The events that belong to the source and fit, as entries. */
export const entriesOf = (source: LogSource, filter: EntryFilter, events: EventsPage["events"]): LogEntry[] =>
  events
    .filter((event) => source.isOwn(event))
    .filter(({ at }) => (filter.since ?? at) <= at && at <= (filter.until ?? at))
    .filter(({ data }) => filter.text === undefined || holdsText(data, filter.text))
    .map((event) => ({ source: source.name, ...event }));

/** Whether a string anywhere in a value holds `text` (lower case). JSON is never deeper than the feed lets in. */
const holdsText = (value: unknown, text: string): boolean => {
  if (typeof value === "string") return value.toLowerCase().includes(text);
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some((inner) => holdsText(inner, text));
};

export const resetsOf = (name: LogSourceName, page: EventsPage): LogReset[] => {
  if (page.reset === undefined) return [];
  const { from, to, reason } = page.reset;
  return [{ source: name, from, to, reason }];
};

export const cursorText = ({ logId, seq }: SourcePlace): string => `${logId}:${seq}`;
