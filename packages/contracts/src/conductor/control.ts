import * as z from "zod";
import { Timestamp } from "../ids.ts";

/** `running` = no reason against it. */
export const CONTROL_MODES = ["running", "paused", "draining"] as const;
export type ControlMode = (typeof CONTROL_MODES)[number];

/** Names a reason, so that whoever set it can take it back: `operator`, `restart:<uuid>`. */
const ReasonId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9:._-]{0,127}$/, {
  error: "must be 1 to 128 letters, digits or any of : . _ - and begin with a letter or digit",
});

/** Milliseconds after which a reason goes by itself; a week at most. */
const TTL_MS_MAX = 7 * 24 * 60 * 60 * 1000;

export const ControlReason = z.lazy(() =>
  z.looseObject({
    id: z.string(),
    mode: z.enum(["paused", "draining"]),
    /** The credential that set it. */
    by: z.string(),
    at: Timestamp,
    expiresAt: Timestamp.optional(),
    note: z.string().optional(),
  }),
);
export type ControlReason = z.infer<typeof ControlReason>;

/** The mode is the strictest of the reasons. `idle`: nothing is in progress, so a stop ends nothing. */
export const Control = z.lazy(() =>
  z.looseObject({
    mode: z.enum(CONTROL_MODES),
    reasons: z.array(ControlReason),
    openTurns: z.number().int(),
    idle: z.boolean(),
  }),
);
export type Control = z.infer<typeof Control>;
export const ControlReply = z.lazy(() => z.looseObject({ control: Control }));

/** Sets a reason, or replaces the one with the same id. */
export const SetReason = z.lazy(() =>
  z.strictObject({
    id: ReasonId.default("operator"),
    ttlMs: z.number().int().min(1000).max(TTL_MS_MAX).optional(),
    note: z
      .string()
      .max(512)
      .regex(/^[^\0\p{Cs}]*$/u, { error: "must have no NUL and no half of a character" })
      .optional(),
  }),
);
export type SetReason = z.infer<typeof SetReason>;

/** Takes back one reason, or all of them. */
export const Resume = z.lazy(() =>
  z.strictObject({ id: ReasonId.default("operator"), all: z.boolean().default(false) }),
);
export type Resume = z.infer<typeof Resume>;
