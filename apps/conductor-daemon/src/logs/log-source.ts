import type { EventsPage, LogGap, LogSourceName } from "@baa/contracts";

/** What is asked of a source: a page of its events, as its feed gives it. */
export interface SourceQuery {
  readonly after?: string | undefined;
  readonly limit: number;
  readonly waitMs?: number;
  readonly sessionId?: string | undefined;
  readonly turnId?: string | undefined;
  readonly types?: string | undefined;
}

/** A log that can be read forward from a cursor. */
export interface LogSource {
  readonly name: LogSourceName;
  /** @throws SourceDownError; the reason of `signal`. */
  page(query: SourceQuery, signal: AbortSignal): Promise<EventsPage>;
  /** Number of the last event before `at` (RFC 3339 UTC), 0 when there is none. @throws as `page` */
  lastBefore(at: string, signal: AbortSignal): Promise<number>;
  /** Where its end was last seen, `undefined` when it was never heard: for a reader that comes while it is down. */
  knownEnd(): SourcePlace | undefined;
  /** Whether an event belongs to this source, and is not another one's that it took over. */
  isOwn(event: EventsPage["events"][number]): boolean;
}

/** A place in a source's log. */
export interface SourcePlace {
  readonly logId: string;
  readonly seq: number;
}

/** The source cannot be read now. */
export class SourceDownError extends Error {
  override readonly name = "SourceDownError";
  readonly gap: LogGap;

  constructor(gap: LogGap, cause?: unknown) {
    super(`${gap.source}: ${gap.reason}`, { cause });
    this.gap = gap;
  }
}
