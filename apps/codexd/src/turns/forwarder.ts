import {
  ChildUnavailableError,
  MessageRefusedError,
  RequestTimeoutError,
  RpcError,
  type TurnStartParams,
  WindowFullError,
} from "@baa/codex-app-server";
import { isTerminalTurnState, type TurnError } from "@baa/contracts";
import type { Logger } from "@baa/process";
import { StorageFullError } from "@baa/storage";
import type { CodexChild } from "../child/codex-child.ts";
import { endTurnEvents } from "../events/turn-end.ts";
import type { Journal } from "../journal/journal.ts";
import type { TurnRecord } from "../registry/records.ts";
import { readAcceptedTurn } from "./accepted-turn.ts";
import { PolicyNotAppliedError, ThreadLoader, ThreadUnknownError } from "./thread-loader.ts";
import { InputGoneError, type ToCodexInput, toCodexInputLater } from "./turn-input.ts";

type CodexSchema = NonNullable<TurnStartParams["outputSchema"]>;

export interface ForwarderOptions {
  readonly child: CodexChild;
  readonly journal: Journal;
  readonly logger: Logger;
  readonly toCodexInput: ToCodexInput;
  /** Resolves when nothing is being done to the session's thread that would hit a turn on it. */
  readonly whenFree: (sessionId: string) => Promise<void>;
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
  /** Turns that go on when there is space on the disk. */
  readonly #heldUp = new Set<string>();

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#loader = new ThreadLoader(options.child, options.journal);
  }

  /** Whether the turn is in these hands: handed over, and neither with the child nor given up. */
  has(turnId: string): boolean {
    return this.#running.has(turnId) || this.#heldUp.has(turnId);
  }

  /** How many of the turns in these hands are still queued on record. */
  get queuedInHand(): number {
    const { turns } = this.#options.journal.registries;
    return [...this.#running, ...this.#heldUp].filter((id) => turns.get(id)?.queued).length;
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
    const { child, journal, whenFree, toCodexInput } = this.#options;
    const { registries, log } = journal;
    const turn = registries.turns.get(turnId);
    if (turn?.state !== "accepted") return;
    await log.whenVisible(turn.acceptedSeq);
    await whenFree(turn.sessionId);
    const session = registries.sessions.get(turn.sessionId);
    if (!session || !this.#mayGo(turnId)) return;
    const asked = readAcceptedTurn(log, turn.acceptedSeq);
    if (asked?.input === undefined) throw new Error(`The input of turn ${turnId} is no longer in the log.`);
    const input = toCodexInputLater(toCodexInput, asked.input, session.id);
    const threadId = await this.#loader.ensure(session);
    if (!this.#mayGo(turnId)) return;
    const generation = child.generation;
    await journal.appendVisible([{ type: "turn.forwarding", sessionId: session.id, turnId, data: { generation } }]);
    // Another child took its place meanwhile: the line is not written, and recovery finds that out.
    if (child.generation !== generation || registries.turns.get(turnId)?.state !== "forwarding") return;
    const { result } = await child.request("turn/start", {
      threadId,
      clientUserMessageId: turnId,
      input,
      ...(asked.outputSchema === undefined ? {} : { outputSchema: asked.outputSchema as CodexSchema }),
    });
    this.#acknowledge(turnId, result.turn.id);
  }

  /** It has not ended meanwhile; and a queued one goes on waiting when Codex has begun a turn of its own. */
  #mayGo(turnId: string): boolean {
    const { turns } = this.#options.journal.registries;
    const turn = turns.get(turnId);
    if (turn?.state !== "accepted") return false;
    return !turn.queued || turns.openOf(turn.sessionId).every((other) => other.queued);
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
    this.#heldUp.add(turnId);
    const unsubscribe = log.onState((state) => {
      unsubscribe();
      this.#heldUp.delete(turnId);
      if (state === "ok") void this.forward(turnId);
    });
  }
}

const failureOf = (error: unknown, turn: TurnRecord): TurnError | undefined => {
  if (error instanceof PolicyNotAppliedError)
    return { code: "policy_not_applied", message: error.message, retryable: false };
  if (error instanceof InputGoneError) return { code: "input_gone", message: error.message, retryable: false };
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
