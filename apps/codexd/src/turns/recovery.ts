import type { Logger } from "@baa/process";
import type { CodexChild } from "../child/codex-child.ts";
import type { Journal } from "../journal/journal.ts";
import type { Forwarder } from "./forwarder.ts";
import type { Reconciler } from "./reconciler.ts";

export interface RecoveryOptions {
  readonly child: CodexChild;
  readonly journal: Journal;
  readonly forwarder: Forwarder;
  readonly reconciler: Reconciler;
  readonly logger: Logger;
}

/**
 * After every ready child: turns that an earlier child had are settled from Codex's history, turns
 * that were accepted and never forwarded are forwarded. Within 5 s of ready (E8).
 */
export class Recovery {
  readonly #options: RecoveryOptions;
  /** In which child a turn was forwarded; turns of an earlier process are in none. */
  readonly #generationOf = new Map<string, number>();

  constructor(options: RecoveryOptions) {
    this.#options = options;
    options.journal.onEvent((event) => {
      if (event.turnId === undefined) return;
      if (event.type === "turn.forwarding" || event.type === "turn.started") {
        if (!this.#generationOf.has(event.turnId)) this.#generationOf.set(event.turnId, options.child.generation);
      } else if (
        event.type.startsWith("turn.") &&
        !options.journal.registries.turns.open().some((turn) => turn.id === event.turnId)
      ) {
        this.#generationOf.delete(event.turnId);
      }
    });
    options.child.onReady((generation) => void this.#recover(generation));
  }

  async #recover(generation: number): Promise<void> {
    const { child, journal, forwarder, reconciler, logger } = this.#options;
    const stale = journal.registries.turns
      .open()
      .filter((turn) => turn.state !== "accepted" && this.#generationOf.get(turn.id) !== generation);
    // Queued ones go when their turn comes (TurnQueue).
    const waiting = journal.registries.turns.open().filter((turn) => turn.state === "accepted" && !turn.queued);
    try {
      await Promise.all(stale.map((turn) => reconciler.settle(turn.id)));
      if (child.generation === generation) await Promise.all(waiting.map((turn) => forwarder.forward(turn.id)));
    } catch (error) {
      logger.error({ event: "recovery.failed", err: error }, "turns of the former child could not be settled");
    }
  }
}
