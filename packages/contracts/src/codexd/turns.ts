import * as z from "zod";
import { CodexRunId, FileId, SessionId, Timestamp, TurnId } from "../ids.ts";

export const TURN_STATES = [
  "accepted",
  "forwarding",
  "running",
  "awaitingApproval",
  "completed",
  "failed",
  "interrupted",
  "lost",
] as const;
export const TurnState = z.enum(TURN_STATES);
export type TurnState = z.infer<typeof TurnState>;

export const TERMINAL_TURN_STATES = ["completed", "failed", "interrupted", "lost"] as const;
export type TerminalTurnState = (typeof TERMINAL_TURN_STATES)[number];
export const isTerminalTurnState = (state: TurnState): state is TerminalTurnState =>
  (TERMINAL_TURN_STATES as readonly string[]).includes(state);

/** Bytes of one turn's input, as JSON. */
export const TURN_INPUT_BYTES_MAX = 8 * 1024 * 1024;
/** Characters of text that Codex takes in one turn (measured on 0.169.0). */
export const TURN_TEXT_CHARS_MAX = 1_048_576;

/**
 * One item of a turn's input, in Codex's own words, but for `upload`: a file kept with the session.
 * Paths must lie inside the policy's `cwdRoots`; an image's `url` must carry its bytes, since nothing is fetched.
 */
export const TurnInputItem = z.lazy(() =>
  z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("text"), text: z.string().min(1) }),
    z.strictObject({ type: z.literal("image"), url: z.string().regex(/^data:image\/(png|jpeg|gif|webp);base64,/) }),
    z.strictObject({ type: z.literal("localImage"), path: z.string().min(1).max(4096) }),
    z.strictObject({ type: z.literal("mention"), name: z.string().min(1).max(256), path: z.string().min(1).max(4096) }),
    z.strictObject({ type: z.literal("upload"), fileId: FileId }),
  ]),
);
export type TurnInputItem = z.infer<typeof TurnInputItem>;
export const TurnInput = z.lazy(() => z.union([z.string().min(1), z.array(TurnInputItem).min(1).max(64)]));
export type TurnInput = z.infer<typeof TurnInput>;

export const TurnError = z.lazy(() => z.looseObject({ code: z.string(), message: z.string(), retryable: z.boolean() }));
export type TurnError = z.infer<typeof TurnError>;

export const Usage = z.lazy(() =>
  z.looseObject({
    inputTokens: z.number().optional(),
    cachedInputTokens: z.number().optional(),
    outputTokens: z.number().optional(),
    reasoningOutputTokens: z.number().optional(),
    totalTokens: z.number().optional(),
  }),
);
export type Usage = z.infer<typeof Usage>;

export const Turn = z.lazy(() =>
  z.looseObject({
    id: TurnId,
    sessionId: SessionId,
    state: TurnState,
    origin: z.enum(["client", "codex"]),
    codexTurnId: z.string().optional(),
    codexRunId: CodexRunId.optional(),
    /** It waits for the turns before it (`ifBusy: queue`); its state is `accepted`. */
    queued: z.boolean().optional(),
    createdAt: Timestamp,
    startedAt: Timestamp.optional(),
    endedAt: Timestamp.optional(),
    reason: z.string().optional(),
    error: TurnError.optional(),
    usage: Usage.optional(),
  }),
);
export type Turn = z.infer<typeof Turn>;

/** An item of a turn. `state: cut` = it was still open when the turn ended. */
export const TurnItem = z.lazy(() =>
  z.looseObject({
    itemId: z.string(),
    type: z.string(),
    state: z.enum(["open", "completed", "cut"]),
    text: z.string().optional(),
  }),
);
export type TurnItem = z.infer<typeof TurnItem>;

export const Steer = z.lazy(() =>
  z.looseObject({ inputId: z.string(), state: z.enum(["sent", "consumed", "rejected"]) }),
);
export type Steer = z.infer<typeof Steer>;

/** Bytes of an output schema, as JSON. */
export const OUTPUT_SCHEMA_BYTES_MAX = 64 * 1024;
/** A JSON schema that the answer is to fit. */
export const OutputSchema = z.record(z.string(), z.unknown());

/** A turn with its content. `text` = its agent messages in order, joined by a blank line. */
export const TurnDetail = z.lazy(() =>
  z.looseObject({
    ...Turn.unwrap().shape,
    text: z.string(),
    items: z.array(TurnItem),
    /** Input that was added while it ran. `consumed`: Codex has shown it to the model. */
    steers: z.array(Steer).optional(),
    source: z.enum(["log", "codex"]).optional(),
    expired: z.boolean().optional(),
    /** Number of the last event that counts here; a stream from there goes on without a seam. Only with `source: log`. */
    asOfSeq: z.number().int().optional(),
    /**
     * With an `outputSchema`, a completed turn has either `output` (the last answer as JSON that fits) or `outputErrors`
     * (where it does not; `path` is a JSON pointer).
     */
    output: z.unknown().optional(),
    outputErrors: z.array(z.looseObject({ path: z.string(), message: z.string() })).optional(),
  }),
);
export type TurnDetail = z.infer<typeof TurnDetail>;

export const TurnReply = z.lazy(() => z.looseObject({ turn: Turn }));
export const TurnDetailReply = z.lazy(() => z.looseObject({ turn: TurnDetail }));
export const TurnList = z.lazy(() =>
  z.looseObject({
    turns: z.array(Turn),
    nextCursor: z.string().nullable(),
    asOfSeq: z.number().int(),
  }),
);
export const TurnListQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(128).optional(),
});
export const TurnParams = z.strictObject({ sessionId: SessionId, turnId: TurnId });
export const TurnReadQuery = z.strictObject({
  /** Wait up to this many milliseconds for the turn to end. */
  waitMs: z.coerce.number().int().min(0).max(60_000).default(0),
});

export const turnTimeouts = {
  idleTimeoutMs: z.number().int().min(1000).max(86_400_000).optional(),
  timeoutMs: z.number().int().min(1000).max(86_400_000).optional(),
};
/** Turns that may wait behind the active one of a session. */
export const QUEUED_TURNS_MAX = 32;
const turnOptions = {
  input: TurnInput,
  outputSchema: OutputSchema.optional(),
  ifBusy: z.enum(["reject", "steer", "queue"]).default("reject"),
  ...turnTimeouts,
};
export const StartTurn = z.lazy(() => z.strictObject(turnOptions));
export type StartTurn = z.infer<typeof StartTurn>;
/** The seed's form: the session stands in the body. */
export const StartTurnInSession = z.lazy(() => z.strictObject({ sessionId: SessionId, ...turnOptions }));

export const SteerTurn = z.lazy(() => z.strictObject({ input: TurnInput }));
export const SteerReply = z.lazy(() => z.looseObject({ turn: Turn, inputId: z.string() }));
export const EmptyBody = z.lazy(() => z.strictObject({}).optional());
