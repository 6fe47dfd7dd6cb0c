import * as z from "zod";
import { CodexRunId, TurnId } from "../ids.ts";
import { CreateSession } from "./sessions.ts";
import { OutputSchema, Turn, TurnDetail, TurnInput, TurnState, turnTimeouts } from "./turns.ts";

/** A one-shot run; its state is its turn's. */
export const Run = z.lazy(() =>
  z.looseObject({
    id: CodexRunId,
    turnId: TurnId,
    purpose: z.string(),
    ...Turn.unwrap().pick({
      sessionId: true,
      state: true,
      createdAt: true,
      startedAt: true,
      endedAt: true,
      reason: true,
      error: true,
      usage: true,
    }).shape,
  }),
);
export type Run = z.infer<typeof Run>;

/** A run with its content: that of its turn. */
export const RunDetail = z.lazy(() =>
  z.looseObject({
    ...Run.unwrap().shape,
    text: TurnDetail.unwrap().shape.text,
    items: TurnDetail.unwrap().shape.items,
    source: TurnDetail.unwrap().shape.source,
    expired: TurnDetail.unwrap().shape.expired,
    output: TurnDetail.unwrap().shape.output,
    outputErrors: TurnDetail.unwrap().shape.outputErrors,
  }),
);
export type RunDetail = z.infer<typeof RunDetail>;

/** The session's settings, the turn's input and limits, and a JSON schema for the answer. `purpose`: default `worker`. */
export const CreateRun = z.lazy(() =>
  z.strictObject({
    ...CreateSession.unwrap().omit({ threadId: true }).shape,
    input: TurnInput,
    outputSchema: OutputSchema.optional(),
    ...turnTimeouts,
  }),
);
export type CreateRun = z.infer<typeof CreateRun>;

export const RunParams = z.strictObject({ codexRunId: CodexRunId });
export const RunReply = z.lazy(() => z.looseObject({ run: Run }));
export const RunDetailReply = z.lazy(() => z.looseObject({ run: RunDetail }));
export const RunList = z.lazy(() =>
  z.looseObject({
    runs: z.array(Run),
    nextCursor: z.string().nullable(),
    asOfSeq: z.number().int(),
  }),
);
export const RunListQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(128).optional(),
  state: TurnState.optional(),
});
export type RunListQuery = z.infer<typeof RunListQuery>;
