import { isTerminalTurnState } from "@baa/contracts";
import type { TurnRecord } from "./records.ts";
import { SortedIds } from "./sorted-ids.ts";

/** Runs by their own id. A run is its turn: nothing of it is stored but what the turn's record says. */
export class RunIndex {
  readonly ids = new SortedIds();
  readonly #turnOf = new Map<string, string>();
  /** Turns whose run lacks an event that stands beside one of theirs: a crash cut the batch between the two. */
  readonly #torn = new Set<string>();

  turnIdOf(codexRunId: string): string | undefined {
    return this.#turnOf.get(codexRunId);
  }

  /** Ids of turns that await the event of their run. */
  torn(): string[] {
    return [...this.#torn];
  }

  put(turn: TurnRecord): void {
    if (turn.codexRunId === undefined) return;
    if (!this.#turnOf.has(turn.codexRunId)) this.ids.add(turn.codexRunId);
    this.#turnOf.set(turn.codexRunId, turn.id);
    const isWhole = turn.runPhase === (isTerminalTurnState(turn.state) ? "ended" : "accepted");
    if (isWhole) this.#torn.delete(turn.id);
    else this.#torn.add(turn.id);
  }

  remove(turn: TurnRecord): void {
    if (turn.codexRunId === undefined) return;
    this.ids.remove(turn.codexRunId);
    this.#turnOf.delete(turn.codexRunId);
    this.#torn.delete(turn.id);
  }
}
