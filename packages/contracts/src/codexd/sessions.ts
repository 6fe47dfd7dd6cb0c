import { z } from "zod";
import { ForeignId, SessionId, Timestamp } from "../ids.ts";

export const SANDBOX_MODES = ["read-only", "workspace-write", "danger-full-access"] as const;
export const APPROVAL_POLICIES = ["untrusted", "on-request", "never"] as const;
export const SESSION_STATES = ["idle", "running", "awaitingApproval", "archived"] as const;

export const SandboxMode = z.enum(SANDBOX_MODES);
export const ApprovalPolicy = z.enum(APPROVAL_POLICIES);
export const SessionState = z.enum(SESSION_STATES);

/** A session: a Codex thread under our own id. `durable` = Codex itself has stored the thread. */
export const Session = z.looseObject({
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
  activeTurnId: z.string().optional(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type Session = z.infer<typeof Session>;

export const CreateSession = z.strictObject({
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
});
export type CreateSession = z.infer<typeof CreateSession>;

export const SessionParams = z.strictObject({ sessionId: SessionId });
export const SessionReply = z.looseObject({ session: Session });
export const SessionList = z.looseObject({
  sessions: z.array(Session),
  nextCursor: z.string().nullable(),
  asOfSeq: z.number().int(),
});
export const SessionListQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(128).optional(),
  state: SessionState.optional(),
  purpose: z.string().max(32).optional(),
  cwd: z.string().max(4096).optional(),
});
