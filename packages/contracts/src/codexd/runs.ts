import { z } from "zod";
import { CodexRunId, TurnId } from "../ids.ts";
import { CreateSession } from "./sessions.ts";
import { Turn, TurnDetail, TurnInput, TurnState, turnTimeouts } from "./turns.ts";

/** A one-shot run; its state is its turn's. */
export const Run = z.looseObject({
  id: CodexRunId,
  turnId: TurnId,
  purpose: z.string(),
  ...Turn.pick({
    sessionId: true,
    state: true,
    createdAt: true,
    startedAt: true,
    endedAt: true,
    reason: true,
    error: true,
    usage: true,
  }).shape,
});
export type Run = z.infer<typeof Run>;

/**
 * A run with its content. With an `outputSchema`, a completed run has either `output` (the text as JSON that fits) or
 * `outputErrors` (where it does not; `path` is a JSON pointer).
 */
export const RunDetail = z.looseObject({
  ...Run.shape,
  text: TurnDetail.shape.text,
  items: TurnDetail.shape.items,
  source: TurnDetail.shape.source,
  expired: TurnDetail.shape.expired,
  output: z.unknown().optional(),
  outputErrors: z.array(z.looseObject({ path: z.string(), message: z.string() })).optional(),
});
export type RunDetail = z.infer<typeof RunDetail>;

/** Bytes of a run's output schema, as JSON. */
export const OUTPUT_SCHEMA_BYTES_MAX = 64 * 1024;

/** The session's settings, the turn's input and limits, and a JSON schema for the answer. `purpose`: default `worker`. */
export const CreateRun = z.strictObject({
  ...CreateSession.omit({ threadId: true }).shape,
  input: TurnInput,
  outputSchema: z.record(z.string(), z.unknown()).optional(),
  ...turnTimeouts,
});
export type CreateRun = z.infer<typeof CreateRun>;

export const RunParams = z.strictObject({ codexRunId: CodexRunId });
export const RunReply = z.looseObject({ run: Run });
export const RunDetailReply = z.looseObject({ run: RunDetail });
export const RunList = z.looseObject({
  runs: z.array(Run),
  nextCursor: z.string().nullable(),
  asOfSeq: z.number().int(),
});
export const RunListQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(128).optional(),
  state: TurnState.optional(),
});
export type RunListQuery = z.infer<typeof RunListQuery>;
