import type { Approval, FeedEvent, Turn } from "@baa/contracts";
import { foldTurn, hasEnded, turnOfEvent, turnOfList } from "./turns.ts";
import type { TurnView } from "./turns.ts";

/** What codexd has open: turns in progress, oldest first, and approvals that wait. */
export interface InFlight {
  readonly turns: readonly TurnView[];
  readonly approvals: readonly Approval[];
}

export const NOTHING_IN_FLIGHT: InFlight = { turns: [], approvals: [] };

/** The events that change what is open. */
export const IN_FLIGHT_TYPES = "turn.*,approval.*,session.*,child.*";

/** From the snapshot that a stream without a usable cursor brings; undefined when there is none. */
export const inFlightOf = (snapshot: unknown): InFlight | undefined => {
  if (typeof snapshot !== "object" || snapshot === null) return undefined;
  const { openTurns, pendingApprovals, asOfSeq } = snapshot as {
    openTurns?: Turn[];
    pendingApprovals?: Approval[];
    asOfSeq?: number;
  };
  const approvals = pendingApprovals ?? [];
  const turns = (openTurns ?? []).map((turn) => ({
    ...turnOfList(turn),
    asOfSeq: asOfSeq ?? 0,
    approvals: approvals.filter(({ turnId }) => turnId === turn.id).map(({ id }) => id),
  }));
  return { turns: turns.toSorted((a, b) => (a.turn.createdAt < b.turn.createdAt ? -1 : 1)), approvals };
};

/** What is open after an event; the very same when it changes nothing. */
export const foldInFlight = (before: InFlight, event: FeedEvent): InFlight => {
  const turns = foldTurns(before.turns, event);
  const approvals = foldApprovals(before.approvals, event);
  return turns === before.turns && approvals === before.approvals ? before : { turns, approvals };
};

const foldTurns = (turns: InFlight["turns"], event: FeedEvent): InFlight["turns"] => {
  const { sessionId, turnId } = event;
  if (sessionId === undefined || turnId === undefined) return turns;
  const at = turns.findIndex(({ turn }) => turn.id === turnId);
  const view = turns[at];
  if (view === undefined)
    return event.type === "turn.accepted" ? [...turns, turnOfEvent(event, { sessionId, turnId })] : turns;
  const changed = foldTurn(view, event);
  if (changed === view) return turns;
  return hasEnded(changed.turn) ? turns.toSpliced(at, 1) : turns.with(at, changed);
};

const foldApprovals = (approvals: InFlight["approvals"], event: FeedEvent): InFlight["approvals"] => {
  const { approvalId: id, type } = event;
  if (id === undefined) return approvals;
  const isKnown = approvals.some((approval) => approval.id === id);
  if (type === "approval.requested" && !isKnown) return [...approvals, requested(event, id)];
  // Decided is as good as resolved for whoever looks what still waits for an answer.
  if ((type === "approval.resolved" || type === "approval.decided") && isKnown)
    return approvals.filter((approval) => approval.id !== id);
  return approvals;
};

const requested = (event: FeedEvent, id: string): Approval => ({
  ...(event.data as Pick<Approval, "kind" | "decisions" | "expiresAt">),
  id,
  state: "pending",
  createdAt: event.at,
  ...(event.sessionId === undefined ? {} : { sessionId: event.sessionId }),
  ...(event.turnId === undefined ? {} : { turnId: event.turnId }),
});
