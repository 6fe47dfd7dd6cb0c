import * as z from "zod";
import { Timestamp } from "../ids.ts";

/**
 * How old an answer is. `staleMs: 0` = the source was asked for this reply. More than 0 = it did not answer, this is
 * what it said last, that many milliseconds ago, and `staleReason` says why.
 */
export const freshness = {
  asOf: Timestamp,
  staleMs: z.number().int().min(0),
  staleReason: z.string().optional(),
};
export const Freshness = z.lazy(() => z.looseObject(freshness));
export type Freshness = z.infer<typeof Freshness>;
