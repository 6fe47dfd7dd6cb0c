import * as z from "zod";
import { FeedEvent, ResetFrame } from "../codexd/events.ts";
import { Timestamp } from "../ids.ts";

/**
 * The logs behind the one index: codexd's event log (sessions, turns, what was said and done, approvals, the child), and
 * what conductor itself told. Entries that conductor only took over from codexd are not shown twice.
 */
export const LOG_SOURCES = ["codexd", "conductor"] as const;
export type LogSourceName = (typeof LOG_SOURCES)[number];

/** What is read when `types` is not given: what has ended carries the whole text that its pieces brought. */
export const LOG_TYPES_DEFAULT = "*,!item.delta,!firefox.command.chunk";

/** Most entries of one page. */
export const LOG_ENTRIES_MAX = 1_000;

const sources = z.string().regex(/^(?:codexd|conductor)(?:,(?:codexd|conductor))*$/, {
  error: `must be some of ${LOG_SOURCES.join(", ")}, separated by commas`,
});

const time = z
  .string()
  .max(40)
  .refine((text) => /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)), {
    error: "must be an RFC 3339 time such as 2026-11-26T12:00:00Z",
  });

export const LogsQuery = z.strictObject({
  /** `nextCursor` or `followCursor` of a page; its order counts. Without it reading begins at the end that `order` names. */
  cursor: z.string().max(512).optional(),
  order: z.enum(["oldest", "newest"]).optional(),
  limit: z.coerce.number().int().min(1).max(LOG_ENTRIES_MAX).default(200),
  /** `order=oldest` only: wait up to this many milliseconds for an entry to come. */
  waitMs: z.coerce.number().int().min(0).max(60_000).default(0),
  /** Comma-separated; all of them by default. */
  source: sources.optional(),
  sessionId: z.string().max(64).optional(),
  turnId: z.string().max(64).optional(),
  /** Comma-separated types; `turn.*` stands for all that begin with `turn.`, `!item.delta` leaves out. */
  types: z.string().max(512).optional(),
  /** Not before this time. */
  since: time.optional(),
  /** Not after this time. */
  until: time.optional(),
  /** Only entries with this in a text of theirs, upper or lower case. */
  text: z.string().min(1).max(200).optional(),
});
export type LogsQuery = z.infer<typeof LogsQuery>;

/** An event as its own log has it, and which log that is. */
export const LogEntry = z.lazy(() => FeedEvent.unwrap().extend({ source: z.string() }));
export type LogEntry = z.infer<typeof LogEntry>;

/** A source that could not be read. Its place in the cursor stays, so what it has comes when it is back. */
export const LogGap = z.lazy(() =>
  z.looseObject({ source: z.string(), since: Timestamp.optional(), reason: z.string() }),
);
export type LogGap = z.infer<typeof LogGap>;

/** Entries between `from` and `to` are not kept any more, or belonged to a log that was reset. */
export const LogReset = z.lazy(() =>
  z.looseObject({
    source: z.string(),
    from: z.number().int(),
    to: z.number().int(),
    reason: ResetFrame.unwrap().shape.reason,
  }),
);
export type LogReset = z.infer<typeof LogReset>;

/**
 * One page. Entries stand by `(at, source, seq)`, and those of one source never out of their own order. Over pages the
 * same holds but for what came late: entries of a source that was down stand where they came.
 */
export const LogsPage = z.lazy(() =>
  z.looseObject({
    entries: z.array(LogEntry),
    /** Goes on behind this page; null when `order=newest` has reached the beginning. */
    nextCursor: z.string().nullable(),
    /** Of the first page with `order=newest`: goes on forward, behind the newest entries. */
    followCursor: z.string().optional(),
    /** Whether asking again at once gives more; a page may be short of `limit` when much had to be looked through. */
    hasMore: z.boolean(),
    partial: z.array(LogGap),
    resets: z.array(LogReset).optional(),
  }),
);
export type LogsPage = z.infer<typeof LogsPage>;
