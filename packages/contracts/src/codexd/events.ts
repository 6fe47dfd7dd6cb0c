import * as z from "zod";

/** Every event type that codexd appends. Clients ignore types they do not know. */
export const CODEXD_EVENT_TYPES = [
  "session.created",
  "session.updated",
  "session.deleted",
  "session.purged",
  "session.forgotten",
  "session.fileAdded",
  "session.compactRequested",
  "turn.accepted",
  "turn.forwarding",
  "turn.started",
  "turn.steered",
  "turn.interruptRequested",
  "turn.completed",
  "turn.failed",
  "turn.interrupted",
  "turn.lost",
  "run.accepted",
  "run.completed",
  "run.failed",
  "run.interrupted",
  "run.lost",
  "item.started",
  "item.delta",
  "item.completed",
  "item.discarded",
  "approval.requested",
  "approval.decided",
  "approval.resolved",
  "usage.updated",
  "child.starting",
  "child.ready",
  "child.exited",
  "child.degraded",
  "child.gap",
  "log.gap",
  "log.recovered",
  "codex.notification",
] as const;
export type CodexdEventType = (typeof CODEXD_EVENT_TYPES)[number];

export const ITEM_CHANNELS = ["text", "reasoning", "plan", "output", "patch"] as const;
export type ItemChannel = (typeof ITEM_CHANNELS)[number];

/** A stored event as every face of the feed sends it. */
export const FeedEvent = z.lazy(() =>
  z.looseObject({
    seq: z.number().int(),
    at: z.string(),
    type: z.string(),
    sessionId: z.string().optional(),
    turnId: z.string().optional(),
    codexRunId: z.string().optional(),
    approvalId: z.string().optional(),
    data: z.looseObject({}),
  }),
);
export type FeedEvent = z.infer<typeof FeedEvent>;

/**
 * Control frames, told from events by `type`: these four names have no dot, and are not numbered events even where
 * they carry a `seq`. A frame of another name without `seq` is a control frame that is not known yet.
 * hello comes first; without `after` the stream goes on from its `headSeq`.
 */
export const HelloFrame = z.lazy(() =>
  z.looseObject({
    type: z.literal("hello"),
    logId: z.string(),
    oldestSeq: z.number().int(),
    headSeq: z.number().int(),
    version: z.string(),
    /** What is open now; only for a reader that came without a cursor. */
    snapshot: z.unknown().optional(),
  }),
);
/** The cursor could not be honoured. `from`, `to`: cursors, the one that was given and the one the stream goes on from. */
export const ResetFrame = z.lazy(() =>
  z.looseObject({
    type: z.literal("reset"),
    from: z.number().int(),
    to: z.number().int(),
    reason: z.enum(["too_old", "ahead", "other_log"]),
    snapshot: z.unknown(),
  }),
);
/** Every 15 s. `seq`: the cursor of this stream, that is, all up to it has been sent or filtered out. */
export const HeartbeatFrame = z.lazy(() => z.looseObject({ type: z.literal("heartbeat"), seq: z.number().int() }));
/** The close that follows. `lastSeq`: as a heartbeat's `seq`. */
export const ByeFrame = z.lazy(() =>
  z.looseObject({ type: z.literal("bye"), code: z.number().int(), lastSeq: z.number().int() }),
);
export type HelloFrame = z.infer<typeof HelloFrame>;
export type ResetFrame = z.infer<typeof ResetFrame>;
export type HeartbeatFrame = z.infer<typeof HeartbeatFrame>;
export type ByeFrame = z.infer<typeof ByeFrame>;
export const ControlFrame = z.lazy(() =>
  z.discriminatedUnion("type", [HelloFrame, ResetFrame, HeartbeatFrame, ByeFrame]),
);
export type ControlFrame = z.infer<typeof ControlFrame>;

export const EventsQuery = z.strictObject({
  /** `<seq>` or `<logId>:<seq>`; later events are sent. Without it: the JSON page starts at the oldest, streams go live. */
  after: z.string().max(128).optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(500),
  /** JSON page only: wait up to this many milliseconds for an event to come. */
  waitMs: z.coerce.number().int().min(0).max(60_000).default(0),
  sessionId: z.string().max(64).optional(),
  turnId: z.string().max(64).optional(),
  /** Comma-separated types; `turn.*` stands for all that begin with `turn.`, `!item.delta` leaves out. */
  types: z.string().max(512).optional(),
});
export type EventsQuery = z.infer<typeof EventsQuery>;

export const EventsPage = z.lazy(() =>
  z.looseObject({
    events: z.array(FeedEvent),
    nextAfter: z.number().int(),
    headSeq: z.number().int(),
    oldestSeq: z.number().int(),
    logId: z.string(),
    reset: ResetFrame.optional(),
  }),
);
export type EventsPage = z.infer<typeof EventsPage>;
