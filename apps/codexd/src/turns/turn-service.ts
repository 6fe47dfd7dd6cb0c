import { RpcError } from "@baa/codex-app-server";
import { isTerminalTurnState, type StartTurn, type Turn, type TurnDetail, type TurnInput } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import type { CodexChild } from "../child/codex-child.ts";
import { endTurnEvents } from "../events/turn-end.ts";
import type { ReplyMark } from "../idempotency.ts";
import type { Journal } from "../journal/journal.ts";
import type { TurnRecord } from "../registry/records.ts";
import { turnView } from "../registry/registries.ts";
import { foldTurn } from "../registry/fold-turn.ts";
import { pageOf, type Page } from "../registry/sorted-ids.ts";
import { type SessionService, turnActive } from "../sessions/session-service.ts";
import { acceptedEvent, acceptedView, readAcceptedTurn } from "./accepted-turn.ts";
import type { Forwarder } from "./forwarder.ts";
import type { HistoryReader } from "./history-reader.ts";
import { assertOutputSchema, type Output, readOutput } from "./output-schema.ts";
import { readTurnContent } from "./turn-content.ts";
import type { ToCodexInput } from "./turn-input.ts";
import type { TurnQueue } from "./turn-queue.ts";
import type { TurnWaiters } from "./turn-waiters.ts";

export interface TurnServiceOptions {
  readonly journal: Journal;
  readonly child: CodexChild;
  readonly sessions: SessionService;
  readonly forwarder: Forwarder;
  readonly queue: TurnQueue;
  readonly waiters: TurnWaiters;
  readonly history: HistoryReader;
  readonly toCodexInput: ToCodexInput;
  readonly newId: () => string;
  readonly newInputId: () => string;
}

/** What callers may do with turns. Every method that changes something resolves when it may be acknowledged (E2). */
export class TurnService {
  readonly #options: TurnServiceOptions;

  constructor(options: TurnServiceOptions) {
    this.#options = options;
  }

  /** Throws turn_not_found. */
  get(sessionId: string, turnId: string): TurnRecord {
    const turn = this.#options.journal.registries.turns.get(turnId);
    if (!turn || turn.sessionId !== sessionId)
      throw new ProblemError("turn_not_found", `There is no turn ${turnId} in session ${sessionId}.`);
    return turn;
  }

  list(sessionId: string, query: { limit: number; cursor?: string | undefined }): Page<Turn> {
    this.#options.sessions.get(sessionId);
    const { turns } = this.#options.journal.registries;
    return pageOf(turns.idsOf(sessionId), query, (id) => turnView(turns.get(id) as TurnRecord));
  }

  /** The turn with its text and items; waits up to `waitMs` for its end. */
  async read(sessionId: string, turnId: string, waitMs: number): Promise<TurnDetail> {
    let turn = this.get(sessionId, turnId);
    if (waitMs > 0 && !isTerminalTurnState(turn.state)) {
      await this.#options.waiters.wait(turnId, waitMs);
      turn = this.get(sessionId, turnId);
    }
    const content = readTurnContent(this.#options.journal.log, turn);
    if (content.expired) return { ...turnView(turn), ...(await this.#options.history.read(turn)) };
    const { text, items, steers, asOfSeq } = content;
    const view = { ...turnView(turn), text, items, ...(steers ? { steers } : {}), source: "log" as const, asOfSeq };
    return { ...view, ...(await this.#output(turn, items)) };
  }

  async #output(turn: TurnRecord, items: TurnDetail["items"]): Promise<Output> {
    if (turn.state !== "completed" || !turn.hasOutputSchema) return {};
    const schema = readAcceptedTurn(this.#options.journal.log, turn.acceptedSeq)?.outputSchema;
    return schema ? readOutput(schema, items) : {};
  }

  /**
   * 202 is a promise: the turn is on disk and will be forwarded, now, after a restart, or (`ifBusy: queue`) when its
   * turn has come. Throws invalid, turn_active, turns_full, queue_full, session_archived, child_unavailable.
   */
  async start(sessionId: string, body: StartTurn, mark: ReplyMark | undefined): Promise<Turn> {
    const { journal, child, sessions, newId, queue, forwarder, toCodexInput } = this.#options;
    toCodexInput(body.input, sessionId);
    if (body.outputSchema) await assertOutputSchema(body.outputSchema);
    const mayWait = body.ifBusy === "queue";
    // Behind another turn no child is needed to keep a promise that begins later.
    if (!mayWait || this.#isFree(sessionId)) {
      if (!mayWait) this.#assertFree(sessionId);
      await child.ensureReady();
    }
    // No turn is accepted while something is done to the session's thread; from here on nothing is waited for.
    while (sessions.gate.isHeld(sessionId)) await sessions.gate.freed(sessionId);
    const queued = mayWait && (!this.#isFree(sessionId) || !queue.hasSlot);
    if (queued) queue.assertRoom(sessionId);
    else {
      this.#assertFree(sessionId);
      queue.assertSlot();
    }
    if (sessions.get(sessionId).archived)
      throw new ProblemError("session_archived", `Session ${sessionId} is archived.`);
    const { input, outputSchema, idleTimeoutMs, timeoutMs } = body;
    const ids = { id: newId(), sessionId, at: journal.nowText() };
    const accepted = { ...ids, input, outputSchema, queued, idleTimeoutMs, timeoutMs };
    const turn = acceptedView(accepted);
    const idempotency = mark && { ...mark, status: 202, body: { turn } };
    await journal.appendVisible([acceptedEvent(accepted, idempotency)]);
    if (!queued) void forwarder.forward(turn.id);
    return turn;
  }

  /** Adds input to a running turn, at most once. Resolves when the child has taken it. */
  async steer(
    sessionId: string,
    turnId: string,
    input: TurnInput,
    mark: ReplyMark | undefined,
  ): Promise<{ turn: Turn; inputId: string }> {
    const { journal, child, newInputId, toCodexInput } = this.#options;
    const codexInput = toCodexInput(input, sessionId);
    this.#steerable(sessionId, turnId);
    await child.ensureReady();
    const { turn, threadId, codexTurnId } = this.#steerable(sessionId, turnId);
    const inputId = newInputId();
    const ids = { sessionId, turnId };
    const reply = { turn: turnView(turn), inputId };
    const idempotency = mark && { ...mark, status: 202, body: reply };
    const data = { inputId, input, consumed: false, ...(idempotency ? { idempotency } : {}) };
    await journal.appendVisible([{ type: "turn.steered", ...ids, data }]);
    try {
      await child.request("turn/steer", {
        threadId,
        expectedTurnId: codexTurnId,
        clientUserMessageId: inputId,
        input: codexInput,
      });
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      // The stored 202 was a promise that Codex did not keep: a replay is told the refusal instead.
      const body = { code: "turn_not_steerable", detail: error.message };
      const refused = mark && { idempotency: { ...mark, status: 409, body } };
      await journal.appendVisible([
        { type: "turn.steered", ...ids, data: { inputId, consumed: false, rejected: error.message, ...refused } },
      ]);
      throw new ProblemError("turn_not_steerable", error.message, { cause: error });
    }
    return reply;
  }

  /** Throws turn_ended, or turn_not_steerable while Codex has not begun it. */
  #steerable(sessionId: string, turnId: string): { turn: TurnRecord; threadId: string; codexTurnId: string } {
    const turn = this.get(sessionId, turnId);
    this.#assertOpen(turn);
    const { threadId } = this.#options.sessions.get(sessionId);
    const { codexTurnId } = turn;
    if (codexTurnId && threadId) return { turn, threadId, codexTurnId };
    const state = turn.queued ? "queued" : turn.state;
    throw new ProblemError("turn_not_steerable", `Turn ${turnId} is ${state}.`, { retryAfterS: 1 });
  }

  /** Asks for the turn's end; its terminal event follows. Throws turn_ended. */
  async interrupt(sessionId: string, turnId: string, mark: ReplyMark | undefined): Promise<Turn> {
    const turn = this.get(sessionId, turnId);
    this.#assertOpen(turn);
    return turnView(await this.requestInterrupt(turn, "requested", mark));
  }

  /**
   * Records the wish, which the interrupter carries out; a turn that was not forwarded yet ends at once. Returns the
   * turn as it is then; `replyOf` makes the reply that is stored with `mark`.
   */
  async requestInterrupt(
    turn: TurnRecord,
    reason: string,
    mark?: ReplyMark,
    replyOf = (after: TurnRecord): unknown => ({ turn: turnView(after) }),
  ): Promise<TurnRecord> {
    const { journal } = this.#options;
    const ids = { sessionId: turn.sessionId, turnId: turn.id };
    const at = journal.nowText();
    const requested = { type: "turn.interruptRequested", at, ...ids, data: { reason } };
    const ended = turn.state === "accepted" ? endTurnEvents(turn, { status: "interrupted", reason }) : [];
    const after = [requested, ...ended].reduce((record, event) => foldTurn(record, { ...event, at, seq: 0 }), turn);
    const idempotency = mark && { idempotency: { ...mark, status: 202, body: replyOf(after) } };
    await journal.appendVisible([
      { ...requested, data: { reason, ...idempotency } },
      ...ended.map((event) => ({ ...event, at })),
    ]);
    return after;
  }

  #assertOpen({ id, state }: TurnRecord): void {
    if (isTerminalTurnState(state)) throw new ProblemError("turn_ended", `Turn ${id} is ${state}.`);
  }

  #isFree(sessionId: string): boolean {
    return this.#options.sessions.view(sessionId).activeTurnId === undefined;
  }

  #assertFree(sessionId: string): void {
    const { activeTurnId } = this.#options.sessions.view(sessionId);
    if (activeTurnId) throw turnActive(activeTurnId);
  }
}
