import type { TurnError, Usage } from "@baa/contracts";
import { nextTurnState, type TurnTrigger } from "../turns/turn-machine.ts";
import type { StoredEvent, TurnRecord } from "./records.ts";

interface TurnEventData {
  origin?: TurnRecord["origin"];
  queued?: boolean;
  outputSchema?: unknown;
  codexTurnId?: string;
  reason?: string;
  error?: TurnError;
  usage?: Usage;
  itemId?: string;
  item?: { id: string; type: string };
  idleTimeoutMs?: number;
  timeoutMs?: number;
}

const END_TRIGGERS: Record<string, TurnTrigger> = {
  "turn.completed": "completed",
  "turn.failed": "failed",
  "turn.interrupted": "interrupted",
  "turn.lost": "lost",
};

const RUN_ENDS = new Set(["run.completed", "run.failed", "run.interrupted", "run.lost"]);

/** The turn that `turn.accepted` begins. */
export const beginTurn = (event: StoredEvent, ids: { turnId: string; sessionId: string }): TurnRecord => {
  const data = event.data as TurnEventData;
  return {
    id: ids.turnId,
    sessionId: ids.sessionId,
    state: "accepted",
    origin: data.origin ?? "client",
    ...(event.codexRunId === undefined ? {} : { codexRunId: event.codexRunId }),
    ...(data.queued ? { queued: true } : {}),
    createdAt: event.at,
    acceptedSeq: event.seq,
    openItems: [],
    pendingApprovals: 0,
    ...(data.outputSchema === undefined ? {} : { hasOutputSchema: true }),
    ...(data.idleTimeoutMs === undefined ? {} : { idleTimeoutMs: data.idleTimeoutMs }),
    ...(data.timeoutMs === undefined ? {} : { timeoutMs: data.timeoutMs }),
  };
};

/** The turn after one of its events; the very same record when the event changes nothing. */
export const foldTurn = (turn: TurnRecord, event: StoredEvent): TurnRecord =>
  END_TRIGGERS[event.type] ? end(turn, event) : progress(turn, event);

/** The one thing that changes a turn after its end: its run's own event is there too. */
export const foldRun = (turn: TurnRecord, type: string): TurnRecord => {
  if (turn.codexRunId === undefined) return turn;
  if (type === "run.accepted") return turn.runPhase ? turn : { ...turn, runPhase: "accepted" };
  return RUN_ENDS.has(type) && turn.runPhase !== "ended" ? { ...turn, runPhase: "ended" } : turn;
};

/** Whatever moves a turn takes it out of the queue: only an accepted one waits there. */
const move = (turn: TurnRecord, trigger: TurnTrigger, change: Partial<TurnRecord>): TurnRecord => {
  const state = nextTurnState(turn.state, trigger);
  if (state === undefined) return turn;
  const { queued: _queued, ...rest } = turn;
  return { ...rest, ...change, state };
};

const end = (turn: TurnRecord, event: StoredEvent): TurnRecord => {
  const data = event.data as TurnEventData;
  return move(turn, END_TRIGGERS[event.type] as TurnTrigger, {
    endedAt: event.at,
    endSeq: event.seq,
    openItems: [],
    pendingApprovals: 0,
    ...(data.reason === undefined ? {} : { reason: data.reason }),
    ...(data.error === undefined ? {} : { error: data.error }),
    ...(data.usage === undefined ? {} : { usage: data.usage }),
  });
};

const progress = (turn: TurnRecord, event: StoredEvent): TurnRecord => {
  const data = event.data as TurnEventData;
  switch (event.type) {
    case "turn.forwarding":
      return move(turn, "forwarding", {});
    case "turn.started":
      return move(turn, "started", {
        startedAt: event.at,
        ...(data.codexTurnId === undefined ? {} : { codexTurnId: data.codexTurnId }),
      });
    case "turn.interruptRequested":
      return { ...turn, interruptRequestedAt: event.at, interruptReason: data.reason ?? "requested" };
    case "usage.updated":
      return data.usage ? { ...turn, usage: data.usage } : turn;
    case "approval.requested":
      return move(turn, "approvalRequested", { pendingApprovals: turn.pendingApprovals + 1 });
    case "approval.resolved":
      return resolveOne(turn);
    default:
      return progressItems(turn, event.type, data);
  }
};

const resolveOne = (turn: TurnRecord): TurnRecord => {
  const pendingApprovals = Math.max(0, turn.pendingApprovals - 1);
  return pendingApprovals === 0 ? move(turn, "approvalsCleared", { pendingApprovals }) : { ...turn, pendingApprovals };
};

const progressItems = (turn: TurnRecord, type: string, data: TurnEventData): TurnRecord => {
  if (type === "item.started" && data.item) {
    return { ...turn, openItems: [...turn.openItems, { itemId: data.item.id, type: data.item.type }] };
  }
  const ended = type === "item.completed" ? data.item?.id : type === "item.discarded" ? data.itemId : undefined;
  if (ended === undefined || !turn.openItems.some((item) => item.itemId === ended)) return turn;
  return { ...turn, openItems: turn.openItems.filter((item) => item.itemId !== ended) };
};
