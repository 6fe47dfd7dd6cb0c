import * as z from "zod";

/** The parts of Codex's notifications that we act on; everything else passes through untouched. */
const TurnRef = z.looseObject({ id: z.string() });
export const ThreadTurn = z.looseObject({ threadId: z.string(), turn: TurnRef });
export const CodexItem = z.looseObject({ id: z.string(), type: z.string() });
export const ItemMessage = z.looseObject({ threadId: z.string(), turnId: z.string(), item: CodexItem });
export const CodexTurnError = z.looseObject({
  message: z.string(),
  codexErrorInfo: z.unknown().optional(),
});
export const TurnCompleted = z.looseObject({
  threadId: z.string(),
  turn: z.looseObject({ id: z.string(), status: z.string(), error: CodexTurnError.nullish() }),
});
export const ErrorMessage = z.looseObject({
  threadId: z.string(),
  turnId: z.string(),
  willRetry: z.boolean(),
});
const Breakdown = z.looseObject({
  totalTokens: z.number(),
  inputTokens: z.number(),
  cachedInputTokens: z.number(),
  outputTokens: z.number(),
  reasoningOutputTokens: z.number(),
});
export type Breakdown = z.infer<typeof Breakdown>;
export const TokenUsage = z.looseObject({
  threadId: z.string(),
  turnId: z.string(),
  tokenUsage: z.looseObject({ total: Breakdown, last: Breakdown }),
});
export const RequestResolved = z.looseObject({ threadId: z.string(), requestId: z.union([z.string(), z.number()]) });
export const AnyThread = z.looseObject({ threadId: z.string() });

/** A turn as Codex's own history lists it. */
export const ListedTurn = z.looseObject({
  id: z.string(),
  status: z.string(),
  items: z.array(CodexItem),
  /** Unix seconds. */
  startedAt: z.number().nullish(),
  error: CodexTurnError.nullish(),
});
export type ListedTurn = z.infer<typeof ListedTurn>;
export type CodexItem = z.infer<typeof CodexItem>;
