import { isTerminalTurnState } from "@baa/contracts";
import type { Journal } from "../journal/journal.ts";

/** Callers that wait for a turn's end. */
export class TurnWaiters {
  readonly #journal: Journal;
  readonly #waiting = new Map<string, Set<() => void>>();
  #isReleased = false;

  constructor(journal: Journal) {
    this.#journal = journal;
    journal.onEvent((event) => {
      const turn = event.turnId === undefined ? undefined : journal.registries.turns.get(event.turnId);
      if (turn && isTerminalTurnState(turn.state)) this.#wake(turn.id);
      if (event.type === "session.deleted")
        for (const id of [...this.#waiting.keys()]) if (!journal.registries.turns.get(id)) this.#wake(id);
    });
  }

  /** Resolves when the turn has ended and its end may be told, or after `timeoutMs`. */
  async wait(turnId: string, timeoutMs: number): Promise<void> {
    if (!this.#isReleased) await this.#wait(turnId, timeoutMs);
    await this.#journal.settled();
  }

  /** Lets everyone go, and whoever comes later, at the service's stop. */
  releaseAll(): void {
    this.#isReleased = true;
    for (const id of [...this.#waiting.keys()]) this.#wake(id);
  }

  #wait(turnId: string, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.get(turnId)?.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      const set = this.#waiting.get(turnId) ?? new Set();
      set.add(done);
      this.#waiting.set(turnId, set);
    });
  }

  #wake(turnId: string): void {
    const set = this.#waiting.get(turnId);
    this.#waiting.delete(turnId);
    for (const done of set ?? []) done();
  }
}
