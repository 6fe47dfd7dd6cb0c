import { RpcError } from "@baa/codex-app-server";
import { type CreateSession, type ForkSession, isTerminalTurnState, type Session } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import type { Logger } from "@baa/process";
import { problemOf } from "../child/ask-child.ts";
import type { CodexChild } from "../child/codex-child.ts";
import type { ReplyMark } from "../idempotency.ts";
import type { Journal } from "../journal/journal.ts";
import type { SessionRecord } from "../registry/records.ts";
import { checkEcho, isThreadArchived, isThreadUnknown, type ThreadEcho } from "../turns/thread-loader.ts";
import type { SessionService } from "./session-service.ts";

export interface SessionForksOptions {
  readonly journal: Journal;
  readonly child: CodexChild;
  readonly sessions: SessionService;
  readonly logger: Logger;
}

/** New sessions that begin with the history of another. */
export class SessionForks {
  readonly #options: SessionForksOptions;

  constructor(options: SessionForksOptions) {
    this.#options = options;
  }

  /**
   * Forks the thread and creates a session for the copy. Codex takes over what it has stored: of a turn in progress
   * that is its input and completed items, as an interrupted turn (0.169.0). The source goes on undisturbed.
   *
   * The child first, since only its reply names the thread. Killed before our event, the copy stays in Codex without a
   * session (it can be adopted by its id), and the same key forks again.
   * Throws session_archived, session_empty, turn_not_found, turn_active, policy_denied, invalid, child_unavailable,
   * child_timeout, child_error.
   */
  fork(sourceId: string, body: NonNullable<ForkSession>, mark: ReplyMark | undefined): Promise<Session> {
    const { child, sessions } = this.#options;
    return sessions.gate.run(sourceId, async () => {
      this.#assertForkable(sourceId);
      await child.ensureReady();
      const { turnId, ...asked } = body;
      const source = this.#assertForkable(sourceId);
      const lastTurnId = turnId === undefined ? undefined : this.#codexTurnOf(sourceId, turnId);
      const { session } = sessions.prepare({ ...inherited(source), ...asked }, sourceId);
      try {
        const threadId = await this.#forkThread(source, session, lastTurnId);
        return await this.#record({ ...session, threadId, durable: true }, mark);
      } catch (error) {
        if (!this.#options.journal.registries.sessions.get(session.id)) await sessions.discard(session);
        throw error;
      }
    });
  }

  #assertForkable(id: string): SessionRecord & { threadId: string } {
    const { threadId, ...session } = this.#options.sessions.get(id);
    if (session.archived) throw new ProblemError("session_archived", `Session ${id} is archived.`);
    if (threadId && session.durable) return { ...session, threadId };
    throw new ProblemError("session_empty", `Codex has stored nothing of session ${id} yet.`);
  }

  /** Codex's id of the last turn to take over. */
  #codexTurnOf(sessionId: string, turnId: string): string {
    const turn = this.#options.journal.registries.turns.get(turnId);
    if (turn?.sessionId !== sessionId) {
      throw new ProblemError("turn_not_found", `There is no turn ${turnId} in session ${sessionId}.`);
    }
    if (!isTerminalTurnState(turn.state)) {
      throw new ProblemError("turn_active", `Turn ${turnId} is in progress.`, { extra: { turnId } });
    }
    if (turn.codexTurnId) return turn.codexTurnId;
    throw new ProblemError("invalid", `turnId: turn ${turnId} never reached Codex, so it is not part of the history.`);
  }

  async #forkThread(
    source: SessionRecord & { threadId: string },
    session: Session,
    lastTurnId: string | undefined,
  ): Promise<string> {
    const { child } = this.#options;
    const { cwd, sandbox, approvalPolicy, model } = session as SessionRecord & Session;
    let echo: ThreadEcho;
    try {
      const { result } = await child.request("thread/fork", {
        threadId: source.threadId,
        excludeTurns: true,
        cwd,
        sandbox,
        approvalPolicy,
        ...(model === undefined ? {} : { model }),
        ...(lastTurnId === undefined ? {} : { lastTurnId }),
      });
      echo = result;
    } catch (error) {
      throw refusal(error, source.id);
    }
    child.markLoaded(echo.thread.id, true);
    try {
      checkEcho({ cwd, sandbox, approvalPolicy, ...(model === undefined ? {} : { model }) }, echo);
    } catch (error) {
      await this.#drop(echo.thread.id);
      throw new ProblemError("child_error", `The copy runs under other rules: ${(error as Error).message}.`, {
        cause: error,
      });
    }
    return echo.thread.id;
  }

  async #record(session: Session & { threadId: string }, mark: ReplyMark | undefined): Promise<Session> {
    const { journal } = this.#options;
    const idempotency = mark && { idempotency: { ...mark, status: 201, body: { session } } };
    let seq: number;
    try {
      seq = journal.append([{ type: "session.created", sessionId: session.id, data: { session, ...idempotency } }]);
    } catch (error) {
      await this.#drop(session.threadId);
      throw error;
    }
    await journal.log.whenVisible(seq);
    return session;
  }

  /** Takes back a copy that no session holds. */
  async #drop(threadId: string): Promise<void> {
    const { child, logger } = this.#options;
    child.markLoaded(threadId, false);
    await child
      .request("thread/delete", { threadId })
      .catch((error: unknown) =>
        logger.warn({ event: "thread.fork.left", threadId, err: error }, "a forked thread could not be taken back"),
      );
  }
}

/** The settings that a fork takes over. A scratch directory is not shared: it goes with its session. */
const inherited = ({ purpose, sandbox, approvalPolicy, cwd, cwdOwned, ...rest }: SessionRecord): CreateSession => ({
  purpose,
  sandbox,
  approvalPolicy,
  ...(cwdOwned ? {} : { cwd }),
  ...(rest.title === undefined ? {} : { title: rest.title }),
  ...(rest.model === undefined ? {} : { model: rest.model }),
  ...(rest.metadata === undefined ? {} : { metadata: rest.metadata }),
});

const refusal = (error: unknown, sourceId: string): unknown => {
  if (!(error instanceof RpcError)) return problemOf(error);
  if (isThreadUnknown(error)) {
    return new ProblemError("session_empty", `Codex has nothing of session ${sourceId}: ${error.message}`, {
      cause: error,
    });
  }
  if (isThreadArchived(error)) {
    const detail = `Codex has the thread of session ${sourceId} in its archive.`;
    return new ProblemError("session_archived", detail, { cause: error });
  }
  return problemOf(error);
};
