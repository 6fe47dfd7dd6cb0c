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
  /** What is under way, with the session it is done to. */
  readonly #work = new Map<Promise<void>, string>();
  readonly #stop = new AbortController();

  constructor(options: InterrupterOptions) {
    this.#options = options;
    options.journal.onEvent((event) => {
      if (event.turnId === undefined) return;
      const turn = options.journal.registries.turns.get(event.turnId);
      if (!turn?.interruptRequestedAt || this.#sent.has(turn.id)) return;
      // One that was not forwarded yet ends in the same batch.
      if (!isOpenTurn(turn) || turn.state === "accepted") return;
      this.#begin(turn);
    });
  }

  /**
   * Resolves when no interrupt is being carried out in the session. Until then its thread may be unloaded, and commands
   * that run in it are ended: a next turn would be hit.
   */
  async whenFree(sessionId: string): Promise<void> {
    await Promise.all([...this.#work].filter(([, of]) => of === sessionId).map(([work]) => work));
  }

  stop(): void {
    this.#stop.abort();
  }

  #begin({ id: turnId, sessionId }: TurnRecord): void {
    const work = this.#interrupt(turnId, sessionId)
      .catch((error: unknown) =>
        this.#options.logger.error({ event: "turn.settle.failed", turnId, err: error }, "a turn could not be settled"),
      )
      .finally(() => this.#work.delete(work));
    this.#work.set(work, sessionId);
  }

  async #interrupt(turnId: string, sessionId: string): Promise<void> {
    const current = (): TurnRecord | undefined => this.#openTurn(turnId);
    this.#sent.add(turnId);
    try {
      if (current()?.codexTurnId === undefined) await this.#findCodexTurn(turnId);
      this.#tell(current());
      await this.#waitWhile(() => current()?.codexTurnId !== undefined);
      const turn = current();
      if (this.#stop.signal.aborted) return;
      if (turn) await this.#settle(turn);
    } finally {
      this.#sent.delete(turnId);
    }
    const threadId = this.#threadOf(sessionId);
    if (threadId) await this.#cleanTerminals(threadId);
  }

  /** Waits for the reply or the notification that names Codex's turn; when neither comes, its history may. */
  async #findCodexTurn(turnId: string): Promise<void> {
    const { child, reconciler } = this.#options;
    const isUnknown = (): boolean => {
      const turn = this.#openTurn(turnId);
      return turn !== undefined && turn.codexTurnId === undefined;
    };
    await this.#waitWhile(isUnknown);
    if (isUnknown() && child.isReady && !this.#stop.signal.aborted) await reconciler.settle(turnId);
  }

  #openTurn(turnId: string): TurnRecord | undefined {
    const turn = this.#options.journal.registries.turns.get(turnId);
    return turn && isOpenTurn(turn) ? turn : undefined;
  }

  #threadOf(sessionId: string): string | undefined {
    return this.#options.journal.registries.sessions.get(sessionId)?.threadId;
  }

  #waitWhile(condition: () => boolean): Promise<void> {
    const { clock, deadlineMs = INTERRUPT_DEADLINE_MS } = this.#options;
    return waitWhile(condition, deadlineMs, clock, this.#stop.signal);
  }

  /** Tells the child once. Nobody waits for its answer: a child that does not answer must not hold up the deadline. */
  #tell(turn: TurnRecord | undefined): void {
    const { child, logger, deadlineMs = INTERRUPT_DEADLINE_MS } = this.#options;
    const threadId = turn && this.#threadOf(turn.sessionId);
    if (!turn?.codexTurnId || !threadId) return;
    child
      .request("turn/interrupt", { threadId, turnId: turn.codexTurnId }, { timeoutMs: deadlineMs })
      .catch((error: unknown) =>
        logger.warn(
          { event: "turn.interrupt.failed", turnId: turn.id, err: error },
          "the child did not take the interrupt",
        ),
      );
  }

  async #settle(turn: TurnRecord): Promise<void> {
    const { child, journal, reconciler } = this.#options;
    const generation = child.generation;
    if (!child.isReady || (await reconciler.settle(turn.id))) return;
    // A child that died meanwhile leaves the turn to the next one, which finds it in Codex's history.
    if (!child.isReady || child.generation !== generation) return;
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
    const threadId = this.#threadOf(turn.sessionId);
    if (threadId) await this.#unload(threadId);
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

const isOpenTurn = (turn: TurnRecord): boolean => !isTerminalTurnState(turn.state);

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
