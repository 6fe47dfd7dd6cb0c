/**
 * The life of a turn. Pure; the registry folds stored events through it and the services ask it
 * before they append one.
 *
 *   accepted --forwarding--> forwarding --started--> running <--approvalsCleared-- awaitingApproval
 *      |  \------started (origin: codex)-------------^   \------approvalRequested------^
 *      |                          |                  |                                 |
 *      +--failed, interrupted     +------------------+--completed, failed, interrupted, lost
 *
 * Terminal states take nothing more: a turn ends exactly once.
 */
import type { TurnState } from "@baa/contracts";

export const TURN_TRIGGERS = [
  "forwarding",
  "started",
  "approvalRequested",
  "approvalsCleared",
  "completed",
  "failed",
  "interrupted",
  "lost",
] as const;
export type TurnTrigger = (typeof TURN_TRIGGERS)[number];

const ends = { completed: "completed", failed: "failed", interrupted: "interrupted", lost: "lost" } as const;

const TABLE: Record<TurnState, Partial<Record<TurnTrigger, TurnState>>> = {
  accepted: { forwarding: "forwarding", started: "running", failed: "failed", interrupted: "interrupted" },
  forwarding: { started: "running", ...ends },
  running: { approvalRequested: "awaitingApproval", ...ends },
  awaitingApproval: { approvalRequested: "awaitingApproval", approvalsCleared: "running", ...ends },
  completed: {},
  failed: {},
  interrupted: {},
  lost: {},
};

/** The state after `trigger`, or undefined when the trigger does not belong to `state`. */
export const nextTurnState = (state: TurnState, trigger: TurnTrigger): TurnState | undefined => TABLE[state][trigger];
