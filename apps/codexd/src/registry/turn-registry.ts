import type { TurnError, Usage } from "@baa/contracts";
import { isTerminalTurnState } from "@baa/contracts";
import { nextTurnState, type TurnTrigger } from "../turns/turn-machine.ts";
import type { StoredEvent, TurnRecord } from "./records.ts";
import { SortedIds } from "./sorted-ids.ts";

interface TurnEventData {
  origin?: TurnRecord["origin"];
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

/** Turns (and later runs), folded from the log and checkpointed to run-registry.json. */
export class TurnRegistry {
  readonly #turns = new Map<string, TurnRecord>();
  readonly #byCodexId = new Map<string, string>();
  readonly #bySession = new Map<string, SortedIds>();
  readonly #open = new Set<string>();
  appliedSeq = 0;

  get(id: string): TurnRecord | undefined {
    return this.#turns.get(id);
  }

  byCodexId(codexTurnId: string): TurnRecord | undefined {
    const id = this.#byCodexId.get(codexTurnId);
    return id === undefined ? undefined : this.#turns.get(id);
  }

  idsOf(sessionId: string): SortedIds {
    return this.#bySession.get(sessionId) ?? new SortedIds();
  }

  /** Turns that have not ended, oldest first. */
  open(): TurnRecord[] {
    return [...this.#open].map((id) => this.#turns.get(id) as TurnRecord);
  }

  openOf(sessionId: string): TurnRecord[] {
    return this.open().filter((turn) => turn.sessionId === sessionId);
  }

  get openCount(): number {
    return this.#open.size;
  }

  get size(): number {
    return this.#turns.size;
  }

  /** The log must keep everything from here on for the turns in progress. */
  get oldestOpenSeq(): number | undefined {
    let oldest: number | undefined;
    for (const id of this.#open) {
      const seq = (this.#turns.get(id) as TurnRecord).acceptedSeq;
      if (oldest === undefined || seq < oldest) oldest = seq;
    }
    return oldest;
  }

  apply(event: StoredEvent): void {
    this.appliedSeq = event.seq;
    if (event.type === "session.deleted" && event.sessionId) return this.#removeSession(event.sessionId);
    if (!event.turnId) return;
    if (event.type === "turn.accepted") return this.#accept(event, event.turnId);
    const turn = this.#turns.get(event.turnId);
    if (!turn || isTerminalTurnState(turn.state)) return;
    const next = foldTurn(turn, event);
    if (next !== turn) this.#put(next);
  }

  entries(): TurnRecord[] {
    return [...this.#turns.values()];
  }

  load(entries: readonly unknown[], appliedSeq: number): void {
    for (const record of entries as TurnRecord[]) this.#put(record);
    this.appliedSeq = appliedSeq;
  }

  #accept(event: StoredEvent, turnId: string): void {
    if (this.#turns.has(turnId) || !event.sessionId) return;
    const data = event.data as TurnEventData;
    this.#put({
      id: turnId,
      sessionId: event.sessionId,
      state: "accepted",
      origin: data.origin ?? "client",
      createdAt: event.at,
      acceptedSeq: event.seq,
      openItems: [],
      pendingApprovals: 0,
      ...(data.idleTimeoutMs === undefined ? {} : { idleTimeoutMs: data.idleTimeoutMs }),
      ...(data.timeoutMs === undefined ? {} : { timeoutMs: data.timeoutMs }),
    });
  }

  #put(turn: TurnRecord): void {
    if (!this.#turns.has(turn.id)) {
      const ids = this.#bySession.get(turn.sessionId) ?? new SortedIds();
      ids.add(turn.id);
      this.#bySession.set(turn.sessionId, ids);
    }
    this.#turns.set(turn.id, turn);
    if (turn.codexTurnId) this.#byCodexId.set(turn.codexTurnId, turn.id);
    if (isTerminalTurnState(turn.state)) this.#open.delete(turn.id);
    else this.#open.add(turn.id);
  }

  #removeSession(sessionId: string): void {
    for (const id of this.idsOf(sessionId).newestFirst()) {
      const turn = this.#turns.get(id);
      if (turn?.codexTurnId) this.#byCodexId.delete(turn.codexTurnId);
      this.#turns.delete(id);
      this.#open.delete(id);
    }
    this.#bySession.delete(sessionId);
  }
}

/** The turn after one of its events; the very same record when the event changes nothing. */
export const foldTurn = (turn: TurnRecord, event: StoredEvent): TurnRecord =>
  END_TRIGGERS[event.type] ? end(turn, event) : progress(turn, event);

const move = (turn: TurnRecord, trigger: TurnTrigger, change: Partial<TurnRecord>): TurnRecord => {
  const state = nextTurnState(turn.state, trigger);
  return state === undefined ? turn : { ...turn, ...change, state };
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
