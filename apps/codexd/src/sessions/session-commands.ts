import { RpcError } from "@baa/codex-app-server";
import type { Session } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import type { Logger } from "@baa/process";
import { problemOf } from "../child/ask-child.ts";
import type { CodexChild } from "../child/codex-child.ts";
import type { ReplyMark } from "../idempotency.ts";
import type { Journal } from "../journal/journal.ts";
import type { SessionRecord } from "../registry/records.ts";
import { PolicyNotAppliedError, type ThreadLoader, ThreadUnknownError } from "../turns/thread-loader.ts";
import { type SessionService, turnActive } from "./session-service.ts";

/** How long the turn of a compaction may take to begin before another may be started. */
const COMPACTION_BEGINS_MS = 5000;

export interface SessionCommandsOptions {
  readonly journal: Journal;
  readonly child: CodexChild;
  readonly sessions: SessionService;
  readonly loader: ThreadLoader;
  readonly logger: Logger;
  /** See COMPACTION_BEGINS_MS. */
  readonly compactionBeginsMs?: number;
}

/**
 * What is done to a session's thread. One at a time and session (SessionGate). Each says where it stands when a crash
 * comes between the child's answer and our event; all may be sent again with the same key.
 */
export class SessionCommands {
  readonly #options: SessionCommandsOptions;

  constructor(options: SessionCommandsOptions) {
    this.#options = options;
  }

  /**
   * Takes the session out of the archive and loads its thread. The child first: killed before our event, the session
   * is still archived here and its thread is not in Codex; the next resume finds nothing to take out and goes on.
   * Throws child_unavailable, child_timeout, child_error.
   */
  resume(id: string, mark: ReplyMark | undefined): Promise<Session> {
    const { child, sessions } = this.#options;
    return sessions.gate.run(id, async () => {
      const session = sessions.get(id);
      await child.ensureReady();
      // A turn in progress has its thread loaded, or is about to.
      if (sessions.view(id).activeTurnId) return sessions.view(id);
      if (session.archived && session.threadId && session.durable) {
        await this.#tolerant(/no archived rollout found/, "thread/unarchive", session.threadId);
      }
      await this.#load(session);
      return session.archived ? this.#record(id, { archived: false }, { mark, status: 200 }) : sessions.view(id);
    });
  }

  /**
   * Puts the session into the archive and unloads its thread. The child first: killed before our event, the session is
   * not archived here and its thread is in Codex; the next turn takes it out again, the next archive finds it there.
   * Throws turn_active, child_unavailable, child_timeout, child_error.
   */
  archive(id: string, mark: ReplyMark | undefined): Promise<Session> {
    const { child, sessions } = this.#options;
    return sessions.gate.run(id, async () => {
      this.#assertIdle(id);
      const { archived, threadId, durable } = sessions.get(id);
      if (archived) return sessions.view(id);
      if (threadId && durable) {
        await child.ensureReady();
        await this.#tolerant(/no rollout found/, "thread/archive", threadId);
      } else if (threadId && child.isLoaded(threadId)) {
        // Nothing was said in it: archived, it would leave an empty thread that nobody finds again.
        await this.#tolerant(/no rollout found/, "thread/delete", threadId);
      }
      if (threadId) child.markLoaded(threadId, false);
      return this.#record(id, { archived: true }, { mark, status: 200 });
    });
  }

  /**
   * Has Codex shorten the conversation. It asks the model, so it is sent at most once: our event, with the reply, is on
   * disk before. Killed between the two, the reply stands and no turn follows; that no turn came tells.
   * Throws turn_active, session_archived, session_empty, child_unavailable, child_error.
   */
  compact(id: string, mark: ReplyMark | undefined): Promise<Session> {
    const { child, sessions, journal } = this.#options;
    return sessions.gate.run(id, async () => {
      this.#assertIdle(id);
      await child.ensureReady();
      const threadId = await this.#load(this.#assertCompactable(id));
      this.#assertIdle(id);
      const session = sessions.view(id);
      const begun = this.#codexTurnBegun(id);
      try {
        const idempotency = mark && { idempotency: { ...mark, status: 202, body: { session } } };
        await journal.appendVisible([{ type: "session.compactRequested", sessionId: id, data: { ...idempotency } }]);
        await this.#askToCompact(id, threadId, mark);
        // Until then the session would look idle, and Codex would add a new turn's input to its own.
        await begun.promise;
      } finally {
        begun.cancel();
      }
      return session;
    });
  }

  /**
   * The title is ours: our event is the effect. Codex is told when it has the thread loaded; when it cannot be told,
   * nothing is missing here.
   */
  async name(id: string, title: string, mark: ReplyMark | undefined): Promise<Session> {
    const session = await this.#record(id, { title }, { mark, status: 200 });
    this.#tellName(id).catch((error: unknown) =>
      this.#options.logger.info(
        { event: "thread.name.failed", sessionId: id, err: error },
        "Codex was not told a title",
      ),
    );
    return session;
  }

  #tellName(id: string): Promise<void> {
    const { child, journal, sessions } = this.#options;
    return sessions.gate.run(id, async () => {
      const session = journal.registries.sessions.get(id);
      if (!session?.title || !session.threadId || !session.durable || !child.isLoaded(session.threadId)) return;
      await child.request("thread/name/set", { threadId: session.threadId, name: session.title });
    });
  }

  /** Changes the record as it is now, and stores the reply in the same event. */
  async #record(
    id: string,
    change: Partial<SessionRecord>,
    { mark, status }: { mark: ReplyMark | undefined; status: number },
  ): Promise<Session> {
    const { journal, sessions } = this.#options;
    const session = journal.registries.sessionView({ ...sessions.get(id), ...change, updatedAt: journal.nowText() });
    const idempotency = mark && { idempotency: { ...mark, status, body: { session } } };
    await journal.appendVisible([{ type: "session.updated", sessionId: id, data: { session, ...idempotency } }]);
    return session;
  }

  /** Asks once; Codex's words for "that is so already" are no error. */
  async #tolerant(
    already: RegExp,
    method: "thread/archive" | "thread/unarchive" | "thread/delete",
    threadId: string,
  ): Promise<void> {
    try {
      await this.#options.child.request(method, { threadId });
    } catch (error) {
      if (error instanceof RpcError && already.test(error.message)) return;
      throw problemOf(error);
    }
  }

  async #load(session: SessionRecord): Promise<string> {
    try {
      return await this.#options.loader.ensure(session);
    } catch (error) {
      if (error instanceof PolicyNotAppliedError || error instanceof ThreadUnknownError) {
        throw new ProblemError("child_error", error.message, { cause: error });
      }
      throw problemOf(error);
    }
  }

  /** A refusal takes the place of the stored reply: a replay is told it too. */
  async #askToCompact(id: string, threadId: string, mark: ReplyMark | undefined): Promise<void> {
    const { child, journal } = this.#options;
    try {
      await child.request("thread/compact/start", { threadId });
    } catch (error) {
      if (!(error instanceof RpcError)) throw problemOf(error);
      const refused = mark && { ...mark, status: 502, body: { code: "child_error", detail: error.message } };
      const data = { rejected: error.message, ...(refused ? { idempotency: refused } : {}) };
      await journal.appendVisible([{ type: "session.compactRequested", sessionId: id, data }]);
      throw problemOf(error);
    }
  }

  /** Resolves when Codex has begun a turn of the session by itself, or after a while. */
  #codexTurnBegun(id: string): { promise: Promise<void>; cancel: () => void } {
    const { journal, compactionBeginsMs = COMPACTION_BEGINS_MS } = this.#options;
    let resolve!: () => void;
    const promise = new Promise<void>((done) => (resolve = done));
    const timer = setTimeout(resolve, compactionBeginsMs);
    const unsubscribe = journal.onEvent(({ type, sessionId }) => {
      if (type === "turn.accepted" && sessionId === id) resolve();
    });
    const cancel = (): void => {
      clearTimeout(timer);
      unsubscribe();
    };
    return { promise, cancel };
  }

  #assertCompactable(id: string): SessionRecord {
    const session = this.#options.sessions.get(id);
    if (session.archived) throw new ProblemError("session_archived", `Session ${id} is archived.`);
    if (!session.durable) throw new ProblemError("session_empty", `No turn has run in session ${id}.`);
    return session;
  }

  #assertIdle(id: string): void {
    const { activeTurnId } = this.#options.sessions.view(id);
    if (activeTurnId) throw turnActive(activeTurnId);
  }
}
