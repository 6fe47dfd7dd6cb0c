import { isTerminalTurnState } from "@baa/contracts";
import type { Clock, Logger } from "@baa/process";
import type { CodexChild } from "../child/codex-child.ts";
import { endTurnEvents } from "../events/turn-end.ts";
import type { Journal } from "../journal/journal.ts";
import type { TurnRecord } from "../registry/records.ts";
import type { Reconciler } from "./reconciler.ts";

/** How long after an interrupt the turn's end may take before it is looked up. */
export const INTERRUPT_DEADLINE_MS = 10_000;

export interface InterrupterOptions {
  readonly child: CodexChild;
  readonly journal: Journal;
  readonly reconciler: Reconciler;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly deadlineMs?: number;
}

/**
 * Carries out recorded interrupts: tells the child as soon as the turn has a Codex id, and settles
 * the turn itself when no end comes. Commands left running are ended with it (Codex does not).
 */
export class Interrupter {
  readonly #options: InterrupterOptions;
  readonly #sent = new Set<string>();
  readonly #stop = new AbortController();

  constructor(options: InterrupterOptions) {
    this.#options = options;
    options.journal.onEvent((event) => {
      if (event.turnId === undefined) return;
      const turn = options.journal.registries.turns.get(event.turnId);
      if (!turn || isTerminalTurnState(turn.state)) return;
      if (!turn.interruptRequestedAt || !turn.codexTurnId || this.#sent.has(turn.id)) return;
      this.#interrupt(turn).catch((error: unknown) =>
        options.logger.error(
          { event: "turn.settle.failed", turnId: turn.id, err: error },
          "a turn could not be settled",
        ),
      );
    });
  }

  stop(): void {
    this.#stop.abort();
  }

  async #interrupt(turn: TurnRecord): Promise<void> {
    const { child, journal, clock, logger } = this.#options;
    const threadId = journal.registries.sessions.get(turn.sessionId)?.threadId;
    if (!threadId || !turn.codexTurnId) return;
    this.#sent.add(turn.id);
    try {
      await child.request("turn/interrupt", { threadId, turnId: turn.codexTurnId });
    } catch (error) {
      logger.warn(
        { event: "turn.interrupt.failed", turnId: turn.id, err: error },
        "the child did not take the interrupt",
      );
    }
    const deadlineMs = this.#options.deadlineMs ?? INTERRUPT_DEADLINE_MS;
    const isOpen = (): boolean => {
      const current = journal.registries.turns.get(turn.id);
      return current !== undefined && !isTerminalTurnState(current.state);
    };
    try {
      await waitWhile(isOpen, deadlineMs, clock, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      if (isOpen()) await this.#settle(turn, threadId);
    } finally {
      this.#sent.delete(turn.id);
    }
    await this.#cleanTerminals(threadId);
  }

  async #settle(turn: TurnRecord, threadId: string): Promise<void> {
    const { child, journal, reconciler } = this.#options;
    const generation = child.generation;
    if (!child.isReady || (await reconciler.settle(turn.id)) || child.generation !== generation) return;
    journal.obliged(() => {
      const current = journal.registries.turns.get(turn.id);
      if (!current || isTerminalTurnState(current.state)) return;
      const error = {
        code: "stalled",
        message: "The turn made no progress and did not end when interrupted.",
        retryable: true,
      };
      journal.append(endTurnEvents(current, { status: "failed", error }));
    });
    await this.#unload(threadId);
  }

  /** Only archiving unloads a thread (0.169.0); it is taken back at once. */
  async #unload(threadId: string): Promise<void> {
    const { child, logger } = this.#options;
    child.markLoaded(threadId, false);
    try {
      await child.request("thread/archive", { threadId });
      await child.request("thread/unarchive", { threadId });
    } catch (error) {
      logger.warn({ event: "thread.unload.failed", threadId, err: error }, "a stalled thread could not be unloaded");
    }
  }

  async #cleanTerminals(threadId: string): Promise<void> {
    const { child, logger } = this.#options;
    if (!child.isReady) return;
    try {
      await child.request("thread/backgroundTerminals/clean", { threadId });
    } catch (error) {
      logger.debug(
        { event: "thread.terminals.failed", threadId, err: error },
        "background commands could not be ended",
      );
    }
  }
}

/** Polls a condition to a deadline; the step is short beside any deadline used here. */
const waitWhile = async (
  condition: () => boolean,
  deadlineMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> => {
  const end = clock.monoMs() + deadlineMs;
  while (condition() && clock.monoMs() < end && !signal.aborted) await clock.sleep(25, signal).catch(() => undefined);
};
