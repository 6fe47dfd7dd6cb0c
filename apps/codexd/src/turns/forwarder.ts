import {
  ChildUnavailableError,
  MessageRefusedError,
  RequestTimeoutError,
  RpcError,
  WindowFullError,
} from "@baa/codex-app-server";
import { isTerminalTurnState, type TurnError } from "@baa/contracts";
import type { Logger } from "@baa/process";
import { StorageFullError } from "@baa/storage";
import type { CodexChild } from "../child/codex-child.ts";
import { endTurnEvents } from "../events/turn-end.ts";
import type { Journal } from "../journal/journal.ts";
import type { TurnRecord } from "../registry/records.ts";
import { PolicyNotAppliedError, ThreadLoader, ThreadUnknownError } from "./thread-loader.ts";
import { readTurnInput, toCodexInput } from "./turn-input.ts";

export interface ForwarderOptions {
  readonly child: CodexChild;
  readonly journal: Journal;
  readonly logger: Logger;
  /** Called when a forwarded turn's fate is not known from its reply. */
  readonly onUncertain: (turnId: string) => void;
}

/**
 * Takes an accepted turn to the child, at most once (I2, I3): `turn.forwarding` is on disk before
 * the line is written, and a turn that has it is never written again.
 */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #loader: ThreadLoader;
  readonly #running = new Set<string>();

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#loader = new ThreadLoader(options.child, options.journal);
  }

  /** Never rejects: whatever happens becomes an event, or is left for the next ready child. */
  async forward(turnId: string): Promise<void> {
    if (this.#running.has(turnId)) return;
    this.#running.add(turnId);
    try {
      await this.#forward(turnId);
    } catch (error) {
      this.#failed(turnId, error);
    } finally {
      this.#running.delete(turnId);
    }
  }

  async #forward(turnId: string): Promise<void> {
    const { child, journal } = this.#options;
    const { registries, log } = journal;
    const turn = registries.turns.get(turnId);
    const session = turn && registries.sessions.get(turn.sessionId);
    if (!turn || !session || turn.state !== "accepted") return;
    await log.whenVisible(turn.acceptedSeq);
    const input = readTurnInput(log, turn.acceptedSeq);
    if (input === undefined) throw new Error(`The input of turn ${turnId} is no longer in the log.`);
    const threadId = await this.#loader.ensure(session);
    if (registries.turns.get(turnId)?.state !== "accepted") return;
    const generation = child.generation;
    await journal.appendVisible([{ type: "turn.forwarding", sessionId: session.id, turnId, data: { generation } }]);
    // Another child took its place meanwhile: the line is not written, and recovery finds that out.
    if (child.generation !== generation || registries.turns.get(turnId)?.state !== "forwarding") return;
    const { result } = await child.request("turn/start", {
      threadId,
      clientUserMessageId: turnId,
      input: toCodexInput(input),
    });
    this.#acknowledge(turnId, result.turn.id);
  }

  /** The reply names Codex's turn, unless its notification already did. */
  #acknowledge(turnId: string, codexTurnId: string): void {
    const { journal } = this.#options;
    journal.obliged(() => {
      const { turns } = journal.registries;
      const turn = turns.get(turnId);
      if (!turn || isTerminalTurnState(turn.state) || turn.codexTurnId === codexTurnId) return;
      const holder = turns.byCodexId(codexTurnId);
      if (holder) return void journal.append(mergedEvents(turn, holder));
      journal.append([{ type: "turn.started", sessionId: turn.sessionId, turnId, data: { codexTurnId } }]);
    });
  }

  #failed(turnId: string, error: unknown): void {
    const { journal, logger, onUncertain } = this.#options;
    const turn = journal.registries.turns.get(turnId);
    if (!turn || isTerminalTurnState(turn.state)) return;
    logger.warn({ event: "turn.forward.failed", turnId, err: error }, "turn could not be forwarded");
    // Codex has begun it: its end will be told, whatever became of the reply.
    if (turn.codexTurnId !== undefined) return;
    const failure = failureOf(error, turn);
    if (error instanceof StorageFullError) return this.#again(turnId);
    if (failure === undefined) {
      // A child that is gone settles the turn when the next one is ready; a missing reply is looked up now.
      if (turn.state === "forwarding" && !(error instanceof ChildUnavailableError)) onUncertain(turnId);
      return;
    }
    journal.obliged(() => {
      const current = journal.registries.turns.get(turnId);
      if (!current || isTerminalTurnState(current.state)) return;
      journal.append(endTurnEvents(current, { status: "failed", error: failure }));
    });
  }

  /** The disk filled up before the turn could be forwarded: 202 was a promise, so it is forwarded when there is space. */
  #again(turnId: string): void {
    const { log } = this.#options.journal;
    const unsubscribe = log.onState((state) => {
      unsubscribe();
      if (state === "ok") void this.forward(turnId);
    });
  }
}

const failureOf = (error: unknown, turn: TurnRecord): TurnError | undefined => {
  if (error instanceof PolicyNotAppliedError)
    return { code: "policy_not_applied", message: error.message, retryable: false };
  if (error instanceof ThreadUnknownError) return { code: "not_started", message: error.message, retryable: true };
  if (error instanceof RpcError) return { code: "child_error", message: error.message, retryable: false };
  if (turn.state === "forwarding" ? mayHaveBeenSent(error) : error instanceof ChildUnavailableError) return undefined;
  return { code: "not_started", message: error instanceof Error ? error.message : String(error), retryable: true };
};

/** Only the errors that say so prove that the line never left us. */
const mayHaveBeenSent = (error: unknown): boolean => {
  if (error instanceof WindowFullError || error instanceof MessageRefusedError) return false;
  return error instanceof ChildUnavailableError || error instanceof RequestTimeoutError ? error.sent : true;
};

/** Codex merged the input into a turn that it had begun itself a moment before. */
const mergedEvents = (turn: TurnRecord, holder: TurnRecord) =>
  endTurnEvents(turn, {
    status: "failed",
    error: {
      code: "turn_merged",
      message: `Codex added the input to turn ${holder.id}, which it had just begun.`,
      retryable: false,
    },
  });
