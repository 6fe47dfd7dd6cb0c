import * as z from "zod";
import { ChildStatus } from "../codexd/status.ts";
import { CONTROL_MODES, ControlReason } from "../conductor/control.ts";
import { Listener } from "../conductor/runtime.ts";
import { Timestamp } from "../ids.ts";
import { Freshness } from "./freshness.ts";

/**
 * Whom status-api asks. `conductor`: its runtime and its control. `codex`: codexd's full status, through conductor.
 * `codexd`: codexd's open routes, asked directly, so that a dead conductor hides nothing.
 */
export const STATUS_SOURCES = ["conductor", "codex", "codexd"] as const;
export type StatusSource = (typeof STATUS_SOURCES)[number];

const source = z.enum(STATUS_SOURCES);

const notReadyReasons = z.array(z.looseObject({ code: z.string(), message: z.string() }));

/** A daemon as status-api sees it. `unknown` = not asked yet. */
const service = {
  state: z.enum(["up", "down", "unknown"]),
  /** Since when status-api has seen it in this state. */
  since: Timestamp.optional(),
  /** Why it counts as down. */
  reason: z.string().optional(),
  address: z.string(),
  /** Able to serve; missing while it is down. */
  ready: z.boolean().optional(),
  /** Why it is not ready. */
  reasons: notReadyReasons.optional(),
  version: z.string().optional(),
  startedAt: Timestamp.optional(),
  /** Where `ready` and `reasons` come from. */
  source,
};

export const ConductorService = z.lazy(() =>
  z.looseObject({
    ...service,
    role: z.enum(["leader", "standby"]).optional(),
    node: z.string().optional(),
    fence: z.number().int().optional(),
    listeners: z.array(Listener).optional(),
  }),
);
export type ConductorService = z.infer<typeof ConductorService>;

/** What is known of codexd beside `ready` comes from the source `codex`. */
export const CodexdService = z.lazy(() =>
  z.looseObject({
    ...service,
    guarantees: z.enum(["full", "reduced"]).optional(),
  }),
);
export type CodexdService = z.infer<typeof CodexdService>;

/** What stands in the document is missing until its source has answered once. Then it is kept, and grows stale. */
export const Status = z.lazy(() =>
  z.looseObject({
    /** conductor's control mode. */
    mode: z.enum([...CONTROL_MODES, "unknown"]),
    /** `down`: a service is down. `degraded`: both are up, but not ready, paused or draining. `ok`: all is well. */
    summary: z.looseObject({ level: z.enum(["ok", "degraded", "down"]), text: z.string() }),
    /** When this document was made. */
    at: Timestamp,
    /** Of status-api. */
    version: z.string(),
    services: z.looseObject({ conductor: ConductorService, codexd: CodexdService }),
    control: z
      .looseObject({ mode: z.enum(CONTROL_MODES), reasons: z.array(ControlReason), idle: z.boolean(), source })
      .optional(),
    child: z.looseObject({ ...ChildStatus.unwrap().shape, source }).optional(),
    counts: z
      .looseObject({
        sessions: z.number().int(),
        turnsInFlight: z.number().int(),
        approvalsWaiting: z.number().int(),
        source,
      })
      .optional(),
    /** How old each source's last answer is; missing: it has not answered yet. */
    sources: z.looseObject({
      conductor: Freshness.optional(),
      codex: Freshness.optional(),
      codexd: Freshness.optional(),
    }),
    /** BAA_CONTROL_API_BASE, shown for old scripts. Nothing is ever sent there. */
    controlApiBase: z.string().optional(),
  }),
);
export type Status = z.infer<typeof Status>;
