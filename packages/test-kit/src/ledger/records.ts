import * as z from "zod";

/** An event as the stream shows it; of its data we look only at what the checks need. */
export const LedgerEvent = z.looseObject({
  seq: z.number(),
  type: z.string(),
  sessionId: z.string().optional(),
  turnId: z.string().optional(),
  codexRunId: z.string().optional(),
  approvalId: z.string().optional(),
  data: z.looseObject({}),
});
export type LedgerEvent = z.infer<typeof LedgerEvent>;

/** One page of the stored events, as the JSON face gives it. */
export const LedgerPage = z.looseObject({
  events: z.array(LedgerEvent),
  nextAfter: z.number(),
  headSeq: z.number(),
  oldestSeq: z.number(),
  logId: z.string(),
});
export type LedgerPage = z.infer<typeof LedgerPage>;

/** A request that was answered 2xx: from now on it may not be lost. */
export interface Acknowledged {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly key?: string;
  readonly body: unknown;
}
