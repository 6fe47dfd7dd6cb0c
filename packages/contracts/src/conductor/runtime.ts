import * as z from "zod";
import { Timestamp } from "../ids.ts";
import { CONTROL_MODES } from "./control.ts";

/** What conductor knows of codexd; `unknown` = not asked yet. */
export const CodexLink = z.lazy(() =>
  z.looseObject({
    state: z.enum(["unknown", "up", "down"]),
    since: Timestamp.optional(),
    /** Why it counts as down. */
    reason: z.string().optional(),
    /** Place in codexd's event log up to which everything is taken over, `<logId>:<seq>`. */
    cursor: z.string().optional(),
  }),
);
export type CodexLink = z.infer<typeof CodexLink>;

/** An address that is or will be served. */
export const Listener = z.lazy(() => z.looseObject({ address: z.string(), state: z.enum(["up", "waiting"]) }));

/** Without a credential only `name`, `ready`, `role` and `mode` are shown. */
export const Runtime = z.lazy(() =>
  z.looseObject({
    name: z.literal("conductor"),
    ready: z.boolean(),
    role: z.enum(["leader", "standby"]),
    mode: z.enum([...CONTROL_MODES, "unknown"]),
    node: z.string().optional(),
    version: z.string().optional(),
    pid: z.number().int().optional(),
    startedAt: Timestamp.optional(),
    /** How often a conductor has begun to lead on this state directory. */
    fence: z.number().int().optional(),
    listeners: z.array(Listener).optional(),
    codexd: CodexLink.optional(),
    counts: z
      .looseObject({
        openTurns: z.number().int(),
        pendingApprovals: z.number().int(),
        firefoxConnected: z.number().int().optional(),
        firefoxOpenCommands: z.number().int().optional(),
      })
      .optional(),
  }),
);
export type Runtime = z.infer<typeof Runtime>;

/** What can be asked of this conductor, and whether it would be done now. */
export const Capabilities = z.lazy(() =>
  z.looseObject({
    asOf: Timestamp,
    capabilities: z.array(
      z.looseObject({
        name: z.string(),
        available: z.boolean(),
        /** Where its routes begin. */
        path: z.string(),
        reason: z.string().optional(),
        since: Timestamp.optional(),
      }),
    ),
  }),
);
export type Capabilities = z.infer<typeof Capabilities>;
