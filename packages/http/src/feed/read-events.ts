import { EventsPage } from "@baa/contracts";
import { parseCursor, placeCursor } from "./cursor.ts";
import type { EventSource } from "./event-source.ts";
import { createFilter } from "./filter.ts";
import { FEED_LIMITS } from "./limits.ts";
import { readPage } from "./page.ts";

/** What a page is asked for; as `EventsQuery`, with everything that has a default there. */
export interface ReadEventsQuery {
  readonly after?: string | undefined;
  readonly limit: number;
  readonly waitMs: number;
  readonly sessionId?: string | undefined;
  readonly turnId?: string | undefined;
  readonly types?: string | undefined;
}

/**
 * The JSON page of a feed as a value, for readers in this process: the same as the typed client gets from another one.
 * @throws ProblemError bad_cursor, invalid.
 */
export async function readEvents(
  source: EventSource,
  query: ReadEventsQuery,
  signal: AbortSignal,
): Promise<EventsPage> {
  const cursor = query.after === undefined ? { logId: undefined, seq: source.oldest() - 1 } : parseCursor(query.after);
  const text = await readPage({
    source,
    ...placeCursor(source, cursor),
    filter: createFilter(query),
    limit: query.limit,
    waitMs: query.waitMs,
    limits: FEED_LIMITS,
    signal,
  });
  return EventsPage.parse(JSON.parse(text.toString("utf8")));
}
