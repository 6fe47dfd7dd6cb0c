import { QUEUED_TURNS_MAX } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import type { CodexChild } from "../child/codex-child.ts";
import type { Journal } from "../journal/journal.ts";
import type { TurnRecord } from "../registry/records.ts";
import type { Forwarder } from "./forwarder.ts";

export interface TurnQueueOptions {
  readonly child: CodexChild;
  readonly journal: Journal;
  readonly forwarder: Forwarder;
  /** Turns in progress at once; queued ones do not count. */
  readonly turnsMax: number;
}

/** After these the next turn of a session may have come. */
const MOVES = new Set(["turn.accepted", "turn.completed", "turn.failed", "turn.interrupted", "turn.lost"]);

/**
 * Says when the turn of a queued turn has come, and hands it to the forwarder then: nothing else of its session is in
 * progress, whoever began it, the child takes turns, and one more is allowed. The queue itself is in the log (a turn
 * with `queued` that is not forwarding yet), so it goes on by itself after any restart.
 *
 *   queued --(its turn has come)--> in the forwarder's hands --turn.forwarding--> in progress
 *      ^----(no child, or Codex began a turn of its own)--'
 */
export class TurnQueue {
  readonly #options: TurnQueueOptions;

  constructor(options: TurnQueueOptions) {
    this.#options = options;
    options.journal.onEvent(({ type }) => {
      if (MOVES.has(type)) this.#handOn();
    });
    options.child.onReady(() => this.#handOn());
  }

  /** Whether one more turn may be in progress. */
  get hasSlot(): boolean {
    const { activeCount } = this.#options.journal.registries.turns;
    return activeCount + this.#options.forwarder.queuedInHand < this.#options.turnsMax;
  }

  /** Throws turns_full unless one more turn may be in progress. */
  assertSlot(): void {
    if (this.hasSlot) return;
    throw new ProblemError("turns_full", `${this.#options.turnsMax} turns are in progress.`, { retryAfterS: 5 });
  }

  /** Throws queue_full when as many turns as allowed wait in the session. */
  assertRoom(sessionId: string): void {
    if (this.#options.journal.registries.turns.queuedOf(sessionId).length < QUEUED_TURNS_MAX) return;
    throw new ProblemError("queue_full", `${QUEUED_TURNS_MAX} turns wait in session ${sessionId}.`, { retryAfterS: 5 });
  }

  /** Whether the turn of this one has not come yet: no deadline runs for it. */
  isWaiting(turn: TurnRecord): boolean {
    return turn.queued === true && !this.#options.forwarder.has(turn.id);
  }

  #handOn(): void {
    const { child, journal, forwarder } = this.#options;
    if (journal.registries.turns.queuedCount === 0 || !child.takesTurns) return;
    for (const turn of journal.registries.turns.queueHeads()) {
      if (!this.hasSlot) return;
      if (this.isWaiting(turn)) void forwarder.forward(turn.id);
    }
  }
}
