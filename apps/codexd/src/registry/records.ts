import type { Approval, ApprovalDecision, Session, Turn, TurnError, Usage } from "@baa/contracts";
import type { LogRecordInput } from "@baa/storage";
import type { ApprovalPhase } from "../approvals/approval-machine.ts";

/** An event with the number the log gave it. */
export interface StoredEvent extends LogRecordInput {
  readonly seq: number;
}

/**
 * What is known of a session. Records are never changed in place: a change makes a new object, so
 * that a checkpoint can be written in slices from a shallow copy.
 */
export interface SessionRecord {
  readonly id: string;
  readonly threadId?: string;
  /** Codex has stored the thread (its first turn was acknowledged, or it was adopted). */
  readonly durable: boolean;
  /** The thread was made by someone else and is only borrowed. */
  readonly adopted: boolean;
  readonly archived: boolean;
  readonly cwd: string;
  /** The directory is ours and goes with the session. */
  readonly cwdOwned: boolean;
  readonly purpose: string;
  readonly title?: string;
  readonly model?: string;
  readonly sandbox: NonNullable<Session["sandbox"]>;
  readonly approvalPolicy: NonNullable<Session["approvalPolicy"]>;
  readonly metadata?: Record<string, string>;
  /** The session whose history this one began with. */
  readonly forkedFrom?: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What a deleted session left behind and that is still to be removed; its files always, the rest when it was ours. */
export interface PurgeRecord {
  /** The session's. */
  readonly id: string;
  /** The thread that was made for it, and that Codex keeps a copy of. */
  readonly threadId?: string;
  /** Its scratch directory. */
  readonly cwd?: string;
}

/** What is known of a turn; its text lives in the log between `acceptedSeq` and `endSeq`. */
export interface TurnRecord {
  readonly id: string;
  readonly sessionId: string;
  readonly state: Turn["state"];
  readonly origin: Turn["origin"];
  readonly codexTurnId?: string;
  /** The run that this turn is. */
  readonly codexRunId?: string;
  /** Which of the run's own events are in the log. */
  readonly runPhase?: "accepted" | "ended";
  /** It was accepted behind others, and its turn has not come yet. */
  readonly queued?: boolean;
  /** The answer must fit a schema, which stands in the log at `acceptedSeq`. */
  readonly hasOutputSchema?: boolean;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly acceptedSeq: number;
  readonly endSeq?: number;
  readonly reason?: string;
  readonly error?: TurnError;
  readonly usage?: Usage;
  readonly interruptRequestedAt?: string;
  /** Why the interrupt was asked for; becomes the reason of the turn's end. */
  readonly interruptReason?: string;
  readonly idleTimeoutMs?: number;
  readonly timeoutMs?: number;
  /** Items that have begun and not ended: id and Codex's type. */
  readonly openItems: readonly { readonly itemId: string; readonly type: string }[];
  readonly pendingApprovals: number;
}

/** What is known of an approval; what it asks (command, changes, questions) stands in the log at `requestedSeq`. */
export interface ApprovalRecord {
  readonly id: string;
  readonly phase: ApprovalPhase;
  readonly requestedSeq: number;
  readonly sessionId?: string;
  readonly turnId?: string;
  readonly kind: Approval["kind"];
  readonly itemId?: string;
  readonly decisions: readonly ApprovalDecision[];
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly resolvedAt?: string;
  readonly decision?: string;
  readonly by?: "client" | "policy" | "system";
  readonly note?: string;
  readonly resolvedReason?: string;
}

/** The stored reply of a keyed request. */
export interface IdempotencyRecord {
  /** Digest of credential, method, canonical path and key. */
  readonly id: string;
  /** Digest of the canonical body. */
  readonly digest: string;
  readonly status: number;
  readonly body: unknown;
  readonly at: string;
  /** The session that the reply speaks of. */
  readonly sessionId?: string;
}

/** A deleted session whose text may still stand in the log, up to its `session.deleted` at `seq`. */
export interface ForgetRecord {
  /** The session's id. */
  readonly id: string;
  readonly seq: number;
  readonly at: string;
}
