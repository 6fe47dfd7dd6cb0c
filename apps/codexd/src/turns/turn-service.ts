import { RpcError } from "@baa/codex-app-server";
import { isTerminalTurnState, type StartTurn, type Turn, type TurnDetail, type TurnInput } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import type { CodexChild } from "../child/codex-child.ts";
import { endTurnEvents } from "../events/turn-end.ts";
import type { ReplyMark } from "../idempotency.ts";
import type { Journal } from "../journal/journal.ts";
import type { TurnRecord } from "../registry/records.ts";
import { turnView } from "../registry/registries.ts";
import { foldTurn } from "../registry/turn-registry.ts";
import { pageOf, type Page } from "../registry/sorted-ids.ts";
import { type SessionService, turnActive } from "../sessions/session-service.ts";
import type { Forwarder } from "./forwarder.ts";
import type { HistoryReader } from "./history-reader.ts";
import { readTurnContent } from "./turn-content.ts";
import { toCodexInput } from "./turn-input.ts";
import type { TurnWaiters } from "./turn-waiters.ts";

export interface TurnServiceOptions {
  readonly journal: Journal;
  readonly child: CodexChild;
  readonly sessions: SessionService;
  readonly forwarder: Forwarder;
  readonly waiters: TurnWaiters;
  readonly history: HistoryReader;
  readonly turnsMax: number;
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
    return { ...turnView(turn), text: content.text, items: content.items, source: "log" };
  }

  /** 202 is a promise: the turn is on disk and will be forwarded, now or after a restart. */
  async start(sessionId: string, body: StartTurn, mark: ReplyMark | undefined): Promise<Turn> {
    const { journal, child, sessions, turnsMax, newId, forwarder } = this.#options;
    if (body.ifBusy === "queue")
      throw new ProblemError("not_implemented", "ifBusy: queue is not built yet; use reject or steer.");
    toCodexInput(body.input);
    this.#assertFree(sessionId);
    await child.ensureReady();
    this.#assertFree(sessionId);
    const { registries } = journal;
    if (registries.turns.openCount >= turnsMax)
      throw new ProblemError("turns_full", `${turnsMax} turns are in progress.`, { retryAfterS: 5 });
    const session = sessions.get(sessionId);
    if (session.archived) throw new ProblemError("session_archived", `Session ${sessionId} is archived.`);
    const turnId = newId();
    const turn: Turn = { id: turnId, sessionId, state: "accepted", origin: "client", createdAt: journal.nowText() };
    const data = {
      origin: "client",
      input: body.input,
      ...(body.idleTimeoutMs === undefined ? {} : { idleTimeoutMs: body.idleTimeoutMs }),
      ...(body.timeoutMs === undefined ? {} : { timeoutMs: body.timeoutMs }),
      ...(mark ? { idempotency: { ...mark, status: 202, body: { turn } } } : {}),
    };
    await journal.appendVisible([{ type: "turn.accepted", at: turn.createdAt, sessionId, turnId, data }]);
    void forwarder.forward(turnId);
    return turn;
  }

  /** Adds input to a running turn, at most once. Resolves when the child has taken it. */
  async steer(
    sessionId: string,
    turnId: string,
    input: TurnInput,
    mark: ReplyMark | undefined,
  ): Promise<{ turn: Turn; inputId: string }> {
    const { journal, child, newInputId } = this.#options;
    const codexInput = toCodexInput(input);
    const turn = this.get(sessionId, turnId);
    if (isTerminalTurnState(turn.state)) throw new ProblemError("turn_ended", `Turn ${turnId} is ${turn.state}.`);
    const threadId = this.#options.sessions.get(sessionId).threadId;
    if (!turn.codexTurnId || !threadId)
      throw new ProblemError("turn_not_steerable", `Turn ${turnId} is ${turn.state}.`, { retryAfterS: 1 });
    await child.ensureReady();
    const inputId = newInputId();
    const ids = { sessionId, turnId };
    const reply = { turn: turnView(turn), inputId };
    const idempotency = mark && { ...mark, status: 202, body: reply };
    const data = { inputId, input, consumed: false, ...(idempotency ? { idempotency } : {}) };
    await journal.appendVisible([{ type: "turn.steered", ...ids, data }]);
    try {
      await child.request("turn/steer", {
        threadId,
        expectedTurnId: turn.codexTurnId,
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

  /** Asks for the turn's end; its terminal event follows. A turn that has ended already is returned as it is. */
  async interrupt(sessionId: string, turnId: string, mark: ReplyMark | undefined): Promise<Turn> {
    const turn = this.get(sessionId, turnId);
    if (isTerminalTurnState(turn.state)) throw new ProblemError("turn_ended", `Turn ${turnId} is ${turn.state}.`);
    return this.requestInterrupt(turn, "requested", mark);
  }

  /** Records the wish, which the interrupter carries out; a turn that was not forwarded yet ends at once. */
  async requestInterrupt(turn: TurnRecord, reason: string, mark?: ReplyMark): Promise<Turn> {
    const { journal } = this.#options;
    const ids = { sessionId: turn.sessionId, turnId: turn.id };
    const at = journal.nowText();
    const requested = { type: "turn.interruptRequested", at, ...ids, data: { reason } };
    const ended = turn.state === "accepted" ? endTurnEvents(turn, { status: "interrupted", reason }) : [];
    const after = [requested, ...ended].reduce((record, event) => foldTurn(record, { ...event, at, seq: 0 }), turn);
    const reply = turnView(after);
    const idempotency = mark && { idempotency: { ...mark, status: 202, body: { turn: reply } } };
    await journal.appendVisible([
      { ...requested, data: { reason, ...idempotency } },
      ...ended.map((event) => ({ ...event, at })),
    ]);
    return reply;
  }

  #assertFree(sessionId: string): void {
    const view = this.#options.sessions.view(sessionId);
    if (view.activeTurnId) throw turnActive(view.activeTurnId);
  }
}
