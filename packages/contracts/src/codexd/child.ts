import * as z from "zod";
import { ChildStatus } from "./status.ts";

/** `force`: also while turns are in progress; they end as `interrupted`, or as Codex's history says. */
export const ResetChild = z.lazy(() => z.strictObject({ force: z.boolean().default(false) }).optional());
export type ResetChild = z.infer<typeof ResetChild>;

/** The child that is being replaced: a later generation in the status is its successor. */
export const ResetChildReply = z.lazy(() => z.looseObject({ child: ChildStatus }));
