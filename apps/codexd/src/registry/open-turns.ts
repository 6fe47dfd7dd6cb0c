import type { TurnRecord } from "./records.ts";

const NONE: ReadonlySet<string> = new Set();

/** The turns that have not ended, by session, in the order in which they were accepted. */
export class OpenTurns {
  readonly #turns = new Map<string, TurnRecord>();
  readonly #bySession = new Map<string, Set<string>>();
  /** Those that wait in their session's queue; a session without any has no entry. */
  readonly #queued = new Map<string, Set<string>>();
  #queuedCount = 0;

  get count(): number {
    return this.#turns.size;
  }

  get queuedCount(): number {
    return this.#queuedCount;
  }

  all(): TurnRecord[] {
    return [...this.#turns.values()];
  }

  of(sessionId: string): TurnRecord[] {
    return this.#records(this.#bySession.get(sessionId));
  }

  queuedOf(sessionId: string): TurnRecord[] {
    return this.#records(this.#queued.get(sessionId));
  }

  /** The first queued turn of every session in which nothing else is in progress, the longest accepted first. */
  heads(): TurnRecord[] {
    const heads: TurnRecord[] = [];
    for (const [sessionId, queued] of this.#queued) {
      const [first] = queued;
      if (first !== undefined && queued.size === this.#bySession.get(sessionId)?.size) heads.push(this.#record(first));
    }
    return heads.sort((a, b) => a.acceptedSeq - b.acceptedSeq);
  }

  /** The event from which on the log must be kept for them. */
  get oldestSeq(): number | undefined {
    let oldest: number | undefined;
    for (const { acceptedSeq } of this.#turns.values())
      if (oldest === undefined || acceptedSeq < oldest) oldest = acceptedSeq;
    return oldest;
  }

  put(turn: TurnRecord): void {
    this.#turns.set(turn.id, turn);
    add(this.#bySession, turn);
    if (turn.queued) this.#queuedCount += add(this.#queued, turn) ? 1 : 0;
    else this.#leaveQueue(turn);
  }

  remove(turn: TurnRecord): void {
    this.#turns.delete(turn.id);
    drop(this.#bySession, turn);
    this.#leaveQueue(turn);
  }

  #leaveQueue(turn: TurnRecord): void {
    this.#queuedCount -= drop(this.#queued, turn) ? 1 : 0;
  }

  #record(id: string): TurnRecord {
    return this.#turns.get(id) as TurnRecord;
  }

  #records(ids: ReadonlySet<string> = NONE): TurnRecord[] {
    return [...ids].map((id) => this.#record(id));
  }
}

/** Whether the turn was not there before. */
const add = (sets: Map<string, Set<string>>, { id, sessionId }: TurnRecord): boolean => {
  const set = sets.get(sessionId);
  if (set?.has(id)) return false;
  if (set) set.add(id);
  else sets.set(sessionId, new Set([id]));
  return true;
};

/** Whether the turn was there. */
const drop = (sets: Map<string, Set<string>>, { id, sessionId }: TurnRecord): boolean => {
  const set = sets.get(sessionId);
  if (!set?.delete(id)) return false;
  if (set.size === 0) sets.delete(sessionId);
  return true;
};
