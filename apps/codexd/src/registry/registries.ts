import type { Session, Turn } from "@baa/contracts";
import { ApprovalRegistry } from "./approval-registry.ts";
import type { SessionRecord, StoredEvent, TurnRecord } from "./records.ts";
import { SessionRegistry } from "./session-registry.ts";
import { TurnRegistry } from "./turn-registry.ts";

/** Event types that change no registry: the tail of the log is replayed without parsing them. */
const NOT_FOLDED = new Set(["item.delta", "codex.notification"]);
export const isFolded = (type: string): boolean => !NOT_FOLDED.has(type);

/** Everything derived from the log. Each registry remembers how far it has applied it. */
export class Registries {
  readonly sessions = new SessionRegistry();
  readonly turns = new TurnRegistry();
  readonly approvals = new ApprovalRegistry();

  /** Applies an event to every registry that has not seen it yet. */
  apply(event: StoredEvent): void {
    for (const registry of [this.sessions, this.turns, this.approvals]) {
      if (event.seq > registry.appliedSeq) registry.apply(event);
    }
  }

  get appliedSeq(): number {
    return Math.min(this.sessions.appliedSeq, this.turns.appliedSeq, this.approvals.appliedSeq);
  }

  sessionView(record: SessionRecord): Session {
    const open = this.turns.openOf(record.id);
    const queuedTurns = open.filter((turn) => turn.queued).length;
    // With a queue and nothing before it, the session's turn is the one that comes next.
    const active = open.find((turn) => !turn.queued) ?? open[0];
    return {
      ...record,
      state: stateOf(record, active),
      ...(active ? { activeTurnId: active.id } : {}),
      ...(queuedTurns > 0 ? { queuedTurns } : {}),
    };
  }
}

const stateOf = (record: SessionRecord, active: TurnRecord | undefined): Session["state"] => {
  if (active) return active.state === "awaitingApproval" ? "awaitingApproval" : "running";
  return record.archived ? "archived" : "idle";
};

/** A turn as clients see it. */
export const turnView = (turn: TurnRecord): Turn => {
  const { acceptedSeq: _accepted, endSeq: _end, openItems: _open, pendingApprovals: _pending, ...rest } = turn;
  const { runPhase: _phase, hasOutputSchema: _schema, ...view } = rest;
  return view;
};
