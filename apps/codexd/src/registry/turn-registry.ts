import { isTerminalTurnState } from "@baa/contracts";
import { beginTurn, foldRun, foldTurn } from "./fold-turn.ts";
import { OpenTurns } from "./open-turns.ts";
import type { StoredEvent, TurnRecord } from "./records.ts";
import { RunIndex } from "./run-index.ts";
import { SortedIds } from "./sorted-ids.ts";

/** Turns, and the runs that some of them are: folded from the log and checkpointed to run-registry.json. */
export class TurnRegistry {
  readonly #turns = new Map<string, TurnRecord>();
  readonly #byCodexId = new Map<string, string>();
  readonly #bySession = new Map<string, SortedIds>();
  readonly #open = new OpenTurns();
  readonly #runs = new RunIndex();
  appliedSeq = 0;

  get(id: string): TurnRecord | undefined {
    return this.#turns.get(id);
  }

  byCodexId(codexTurnId: string): TurnRecord | undefined {
    const id = this.#byCodexId.get(codexTurnId);
    return id === undefined ? undefined : this.#turns.get(id);
  }

  byRun(codexRunId: string): TurnRecord | undefined {
    const id = this.#runs.turnIdOf(codexRunId);
    return id === undefined ? undefined : this.#turns.get(id);
  }

  get runIds(): SortedIds {
    return this.#runs.ids;
  }

  /** Turns whose run lacks an event that stands beside one of theirs. */
  tornRuns(): TurnRecord[] {
    return this.#runs.torn().map((id) => this.#turns.get(id) as TurnRecord);
  }

  idsOf(sessionId: string): SortedIds {
    return this.#bySession.get(sessionId) ?? new SortedIds();
  }

  /** Turns that have not ended, oldest first; queued ones too. */
  open(): TurnRecord[] {
    return this.#open.all();
  }

  openOf(sessionId: string): TurnRecord[] {
    return this.#open.of(sessionId);
  }

  /** Turns that wait in the session's queue, the next one first. */
  queuedOf(sessionId: string): TurnRecord[] {
    return this.#open.queuedOf(sessionId);
  }

  /** Queued turns that nothing else of their session is in front of, the longest accepted first. */
  queueHeads(): TurnRecord[] {
    return this.#open.heads();
  }

  get openCount(): number {
    return this.#open.count;
  }

  get queuedCount(): number {
    return this.#open.queuedCount;
  }

  /** Turns in progress: accepted to be forwarded at once, or with the child. */
  get activeCount(): number {
    return this.#open.count - this.#open.queuedCount;
  }

  get size(): number {
    return this.#turns.size;
  }

  /** The log must keep everything from here on for the turns that have not ended. */
  get oldestOpenSeq(): number | undefined {
    return this.#open.oldestSeq;
  }

  apply(event: StoredEvent): void {
    this.appliedSeq = event.seq;
    if (event.type === "session.deleted" && event.sessionId) return this.#removeSession(event.sessionId);
    if (!event.turnId) return;
    if (event.type === "turn.accepted") return this.#accept(event, event.turnId);
    const turn = this.#turns.get(event.turnId);
    if (!turn) return;
    const next = event.type.startsWith("run.") ? foldRun(turn, event.type) : after(turn, event);
    if (next !== turn) this.#put(next);
  }

  entries(): TurnRecord[] {
    return [...this.#turns.values()];
  }

  /** As a checkpoint that is written in slices takes it. */
  snapshot(): Iterable<TurnRecord> {
    return this.entries();
  }

  load(entries: readonly unknown[], appliedSeq: number): void {
    for (const record of entries as TurnRecord[]) this.#put(record);
    this.appliedSeq = appliedSeq;
  }

  #accept(event: StoredEvent, turnId: string): void {
    if (this.#turns.has(turnId) || !event.sessionId) return;
    this.#put(beginTurn(event, { turnId, sessionId: event.sessionId }));
  }

  #put(turn: TurnRecord): void {
    if (!this.#turns.has(turn.id)) {
      const ids = this.#bySession.get(turn.sessionId) ?? new SortedIds();
      ids.add(turn.id);
      this.#bySession.set(turn.sessionId, ids);
    }
    this.#turns.set(turn.id, turn);
    this.#runs.put(turn);
    if (turn.codexTurnId) this.#byCodexId.set(turn.codexTurnId, turn.id);
    if (isTerminalTurnState(turn.state)) this.#open.remove(turn);
    else this.#open.put(turn);
  }

  #removeSession(sessionId: string): void {
    for (const id of this.idsOf(sessionId).newestFirst()) {
      const turn = this.#turns.get(id) as TurnRecord;
      if (turn.codexTurnId) this.#byCodexId.delete(turn.codexTurnId);
      this.#turns.delete(id);
      this.#open.remove(turn);
      this.#runs.remove(turn);
    }
    this.#bySession.delete(sessionId);
  }
}

const after = (turn: TurnRecord, event: StoredEvent): TurnRecord =>
  isTerminalTurnState(turn.state) ? turn : foldTurn(turn, event);
