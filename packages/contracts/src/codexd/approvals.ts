import * as z from "zod";
import { ApprovalId, SessionId, Timestamp, TurnId } from "../ids.ts";

export const APPROVAL_KINDS = ["command", "fileChange", "permissions", "question", "elicitation"] as const;
export const APPROVAL_DECISIONS = [
  "accept",
  "acceptForSession",
  "acceptWithExecpolicyAmendment",
  "decline",
  "cancel",
  "answer",
] as const;
export const ApprovalDecision = z.enum(APPROVAL_DECISIONS);
export type ApprovalDecision = z.infer<typeof ApprovalDecision>;

export const Approval = z.lazy(() =>
  z.looseObject({
    id: ApprovalId,
    sessionId: SessionId.optional(),
    turnId: TurnId.optional(),
    kind: z.enum(APPROVAL_KINDS),
    state: z.enum(["pending", "resolved"]),
    itemId: z.string().optional(),
    command: z.string().optional(),
    cwd: z.string().optional(),
    reason: z.string().optional(),
    changes: z.unknown().optional(),
    questions: z.unknown().optional(),
    schema: z.unknown().optional(),
    decisions: z.array(ApprovalDecision),
    createdAt: Timestamp,
    expiresAt: Timestamp,
    resolvedAt: Timestamp.optional(),
    decision: z.string().optional(),
    by: z.enum(["client", "policy", "system"]).optional(),
    note: z.string().optional(),
  }),
);
export type Approval = z.infer<typeof Approval>;

export const ApprovalParams = z.strictObject({ approvalId: ApprovalId });
export const ApprovalReply = z.lazy(() => z.looseObject({ approval: Approval }));
export const ApprovalList = z.lazy(() =>
  z.looseObject({
    approvals: z.array(Approval),
    nextCursor: z.string().nullable(),
    asOfSeq: z.number().int(),
  }),
);
export const ApprovalListQuery = z.strictObject({
  state: z.enum(["pending", "resolved"]).optional(),
  sessionId: SessionId.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(128).optional(),
});
/** `answers`: for a question, one list of strings per question id. `content`: for an elicitation, fits its schema. */
export const DecideApproval = z.lazy(() =>
  z.strictObject({
    decision: ApprovalDecision,
    note: z.string().max(2000).optional(),
    answers: z.record(z.string().max(128), z.array(z.string().max(16_384)).max(32)).optional(),
    content: z.unknown().optional(),
  }),
);
export type DecideApproval = z.infer<typeof DecideApproval>;
