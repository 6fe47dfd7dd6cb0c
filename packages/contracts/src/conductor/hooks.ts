import * as z from "zod";
import { ID_PREFIXES, Timestamp } from "../ids.ts";

/** Events that a hook can be told of. */
export const HOOK_EVENT_TYPES = [
  "approval.requested",
  "turn.completed",
  "turn.failed",
  "turn.interrupted",
  "turn.lost",
  "codexd.down",
  "codexd.up",
] as const;
export type HookEventType = (typeof HOOK_EVENT_TYPES)[number];

/** What `POST /v1/hooks/{hookId}/test` sends. */
export const HOOK_TEST_TYPE = "hook.test";

/** The operator's name for a target, from the configuration. */
export const HookId = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, {
  error: "must be 1 to 64 of a-z, 0-9, _ and -, and begin with a letter or digit",
});
export const DeliveryId = z.string().regex(new RegExp(`^${ID_PREFIXES.delivery}[0-9a-f]{32}$`), {
  error: `must be ${ID_PREFIXES.delivery} and 32 hex digits`,
});

export const DELIVERY_STATES = ["pending", "delivered", "failed"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/**
 * One message to one target. `pending` = it is (still) tried; `failed` = it is given up. Its id is the `webhook-id` of
 * every attempt, so that a receiver can tell a repetition.
 */
export const Delivery = z.lazy(() =>
  z.looseObject({
    id: DeliveryId,
    hookId: z.string(),
    type: z.string(),
    /** Number of the event in conductor's feed; a test has none. */
    seq: z.number().int().optional(),
    state: z.enum(DELIVERY_STATES),
    attempts: z.number().int(),
    createdAt: Timestamp,
    nextAttemptAt: Timestamp.optional(),
    endedAt: Timestamp.optional(),
    /** HTTP status of the last answer. */
    status: z.number().int().optional(),
    /** Why the last attempt did not count. */
    reason: z.string().optional(),
  }),
);
export type Delivery = z.infer<typeof Delivery>;
export const DeliveryReply = z.lazy(() => z.looseObject({ delivery: Delivery }));
export const DeliveryList = z.lazy(() =>
  z.looseObject({ deliveries: z.array(Delivery), nextCursor: z.string().nullable() }),
);
export type DeliveryList = z.infer<typeof DeliveryList>;
export const DeliveryListQuery = z.strictObject({
  state: z.enum(DELIVERY_STATES).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(128).optional(),
});
export type DeliveryListQuery = z.infer<typeof DeliveryListQuery>;

/** A target as the configuration has it, without its secret and without the path, which may be one. */
export const Hook = z.lazy(() =>
  z.looseObject({
    id: z.string(),
    /** Scheme, host and port. */
    target: z.string(),
    types: z.array(z.string()),
    enabled: z.boolean(),
    counts: z.looseObject({ pending: z.number().int(), delivered: z.number().int(), failed: z.number().int() }),
    /** The delivery that was tried last. */
    last: Delivery.optional(),
  }),
);
export type Hook = z.infer<typeof Hook>;
export const HookList = z.lazy(() =>
  z.looseObject({
    hooks: z.array(Hook),
    /** Why the configuration file does not count as it stands; the hooks before its change still do. */
    fault: z.string().optional(),
    nextCursor: z.null(),
  }),
);
export type HookList = z.infer<typeof HookList>;

export const HookParams = z.strictObject({ hookId: HookId });
export const DeliveryParams = z.strictObject({ hookId: HookId, deliveryId: DeliveryId });

/** The body of every message, in the form of Standard Webhooks. `data` has ids, states, times and numbers, and no text. */
export const HookMessage = z.lazy(() =>
  z.looseObject({ type: z.string(), timestamp: Timestamp, data: z.looseObject({}) }),
);
export type HookMessage = z.infer<typeof HookMessage>;
