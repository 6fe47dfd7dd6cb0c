import * as z from "zod";
import { ForeignId, SessionId, Timestamp, TurnId } from "../ids.ts";

export const SANDBOX_MODES = ["read-only", "workspace-write", "danger-full-access"] as const;
export const APPROVAL_POLICIES = ["untrusted", "on-request", "never"] as const;
export const SESSION_STATES = ["idle", "running", "awaitingApproval", "archived"] as const;

export const SandboxMode = z.enum(SANDBOX_MODES);
export const ApprovalPolicy = z.enum(APPROVAL_POLICIES);
export const SessionState = z.enum(SESSION_STATES);

/** A session: a Codex thread under our own id. `durable` = Codex itself has stored the thread. */
export const Session = z.lazy(() =>
  z.looseObject({
    id: SessionId,
    threadId: z.string().optional(),
    state: SessionState,
    durable: z.boolean(),
    cwd: z.string(),
    cwdOwned: z.boolean(),
    purpose: z.string(),
    title: z.string().optional(),
    model: z.string().optional(),
    sandbox: SandboxMode.optional(),
    approvalPolicy: ApprovalPolicy.optional(),
    metadata: z.record(z.string(), z.string()).optional(),
    /** The turn in progress; when none is and some are queued, the one that comes next. */
    activeTurnId: z.string().optional(),
    /** Turns that wait (`ifBusy: queue`): those with `queued`. */
    queuedTurns: z.number().int().optional(),
    /** The session whose history this one began with. */
    forkedFrom: z.string().optional(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  }),
);
export type Session = z.infer<typeof Session>;

export const CreateSession = z.lazy(() =>
  z.strictObject({
    cwd: z.string().min(1).max(4096).optional(),
    title: z.string().max(200).optional(),
    purpose: z
      .string()
      .regex(/^[a-z][a-zA-Z0-9-]{0,31}$/)
      .optional(),
    model: z.string().min(1).max(128).optional(),
    sandbox: SandboxMode.optional(),
    approvalPolicy: ApprovalPolicy.optional(),
    threadId: ForeignId.optional(),
    metadata: z.record(z.string().max(64), z.string().max(1024)).optional(),
  }),
);
export type CreateSession = z.infer<typeof CreateSession>;

/** Settings of the new session; what is left out is the source's. `turnId`: the last turn that it takes over. */
export const ForkSession = z
  .strictObject({
    ...CreateSession.unwrap().omit({ threadId: true }).shape,
    turnId: TurnId.optional(),
  })
  .optional();
export type ForkSession = z.infer<typeof ForkSession>;
export const NameSession = z.lazy(() => z.strictObject({ title: z.string().min(1).max(200) }));
export const NoBody = z.lazy(() => z.strictObject({}).optional());

export const SessionParams = z.strictObject({ sessionId: SessionId });
export const SessionReply = z.lazy(() => z.looseObject({ session: Session }));
export const SessionList = z.lazy(() =>
  z.looseObject({
    sessions: z.array(Session),
    nextCursor: z.string().nullable(),
    asOfSeq: z.number().int(),
    /** Sources that could not be searched: `codex` = only titles were. */
    partial: z.array(z.string()).optional(),
  }),
);
export const SessionListQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(128).optional(),
  state: SessionState.optional(),
  purpose: z.string().max(32).optional(),
  cwd: z.string().max(4096).optional(),
  /** Part of the title, or of what was said. */
  q: z.string().min(1).max(200).optional(),
});
export type SessionListQuery = z.infer<typeof SessionListQuery>;
