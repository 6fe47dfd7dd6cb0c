import { type CreateRun, isTerminalTurnState, type Run, type RunDetail, type RunListQuery } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import type { CodexChild } from "../child/codex-child.ts";
import { tornRunEvents } from "../events/turn-end.ts";
import type { ReplyMark } from "../idempotency.ts";
import type { Journal } from "../journal/journal.ts";
import type { TurnRecord } from "../registry/records.ts";
import { pageOf, type Page } from "../registry/sorted-ids.ts";
import type { SessionService } from "../sessions/session-service.ts";
import { acceptedEvent } from "../turns/accepted-turn.ts";
import type { Forwarder } from "../turns/forwarder.ts";
import type { ToCodexInput } from "../turns/turn-input.ts";
import type { TurnQueue } from "../turns/turn-queue.ts";
import type { TurnService } from "../turns/turn-service.ts";
import { assertOutputSchema } from "../turns/output-schema.ts";
import { runView } from "./run-view.ts";

export interface RunServiceOptions {
  readonly journal: Journal;
  readonly child: CodexChild;
  readonly sessions: SessionService;
  readonly turns: TurnService;
  readonly forwarder: Forwarder;
  readonly queue: TurnQueue;
  readonly toCodexInput: ToCodexInput;
  readonly newId: () => string;
  readonly newTurnId: () => string;
}

/** One-shot work: a session with one turn, under an id of its own. Everything a run is, its turn and session say. */
export class RunService {
  readonly #options: RunServiceOptions;

  constructor(options: RunServiceOptions) {
    this.#options = options;
  }

  list(query: RunListQuery): Page<Run> {
    const { turns } = this.#options.journal.registries;
    return pageOf(turns.runIds, query, (id) => {
      const turn = turns.byRun(id);
      return turn && (query.state === undefined || turn.state === query.state) ? this.#view(turn) : undefined;
    });
  }

  /** The run with its text and output; waits up to `waitMs` for its end. Throws run_not_found. */
  async read(id: string, waitMs: number): Promise<RunDetail> {
    const { sessionId, id: turnId } = this.#get(id);
    const read = await this.#options.turns.read(sessionId, turnId, waitMs);
    const { text, items, source, expired, output, outputErrors } = read;
    const content = { text, items, ...(source ? { source } : {}), ...(expired ? { expired } : {}) };
    return {
      ...this.#view(this.#get(id)),
      ...content,
      ...(outputErrors === undefined ? {} : { outputErrors }),
      ...("output" in read ? { output } : {}),
    };
  }

  /** 202 is a promise: session, turn and run are on disk. Throws what creating a session and starting a turn throw. */
  async create(body: CreateRun, mark: ReplyMark | undefined): Promise<Run> {
    const { input, outputSchema, idleTimeoutMs, timeoutMs, ...settings } = body;
    const { journal, child, sessions, forwarder, queue, toCodexInput, newId, newTurnId } = this.#options;
    toCodexInput(input);
    if (outputSchema) await assertOutputSchema(outputSchema);
    queue.assertSlot();
    await child.ensureReady();
    queue.assertSlot();
    const { session, event } = sessions.prepare({ ...settings, purpose: settings.purpose ?? "worker" });
    const ids = { id: newTurnId(), sessionId: session.id, codexRunId: newId() };
    const turn = { ...ids, at: journal.nowText(), input, outputSchema, idleTimeoutMs, timeoutMs };
    const run = runView({ ...turn, state: "accepted", createdAt: turn.at }, session.purpose);
    const idempotency = mark && { ...mark, status: 202, body: { run } };
    const { codexRunId, sessionId } = ids;
    try {
      await journal.appendVisible([
        event,
        // The reply stands with the turn: that is what must not be done twice.
        acceptedEvent(turn, idempotency),
        { type: "run.accepted", at: turn.at, sessionId, turnId: turn.id, codexRunId, data: {} },
      ]);
    } finally {
      if (!journal.registries.sessions.get(sessionId)) await sessions.discard(session);
    }
    void forwarder.forward(turn.id);
    return run;
  }

  /** Asks for the run's end; its terminal event follows. Throws run_not_found, turn_ended. */
  async cancel(id: string, mark: ReplyMark | undefined): Promise<Run> {
    const turn = this.#get(id);
    if (isTerminalTurnState(turn.state)) throw new ProblemError("turn_ended", `Run ${id} is ${turn.state}.`);
    const view = (after: TurnRecord): Run => this.#view(after);
    return view(await this.#options.turns.requestInterrupt(turn, "requested", mark, (after) => ({ run: view(after) })));
  }

  /** Appends what a crash cut off; once, before anything else happens. */
  mend(): void {
    const { journal } = this.#options;
    const events = journal.registries.turns.tornRuns().flatMap(tornRunEvents);
    if (events.length > 0) journal.append(events);
  }

  #get(id: string): TurnRecord {
    const turn = this.#options.journal.registries.turns.byRun(id);
    if (!turn) throw new ProblemError("run_not_found", `There is no run ${id}.`);
    return turn;
  }

  #view(turn: TurnRecord): Run {
    return runView(turn, this.#options.sessions.get(turn.sessionId).purpose);
  }
}
