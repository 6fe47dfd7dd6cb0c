/**
 * The life of an approval.
 *
 *   pending --decided--> decided --resolved--> resolved
 *      \----------------resolved (expired, orphaned, ended)--^
 *
 * `decided` is on disk and the child has not been told yet, or not certainly; to clients it is still pending.
 */
export const APPROVAL_PHASES = ["pending", "decided", "resolved"] as const;
export type ApprovalPhase = (typeof APPROVAL_PHASES)[number];
export const APPROVAL_TRIGGERS = ["decided", "resolved"] as const;
export type ApprovalTrigger = (typeof APPROVAL_TRIGGERS)[number];

const TABLE: Record<ApprovalPhase, Partial<Record<ApprovalTrigger, ApprovalPhase>>> = {
  pending: { decided: "decided", resolved: "resolved" },
  decided: { resolved: "resolved" },
  resolved: {},
};

/** The phase after `trigger`, or undefined when it does not belong to `phase`. */
export const nextApprovalPhase = (phase: ApprovalPhase, trigger: ApprovalTrigger): ApprovalPhase | undefined =>
  TABLE[phase][trigger];
