import { RpcError } from "@baa/codex-app-server";
import type { CodexChild } from "../child/codex-child.ts";
import type { Journal } from "../journal/journal.ts";
import type { SessionRecord, TurnRecord } from "../registry/records.ts";

/** The child runs the thread under other rules than were asked for. */
export class PolicyNotAppliedError extends Error {
  override readonly name = "PolicyNotAppliedError";
}
/** Codex does not know the thread. */
export class ThreadUnknownError extends Error {
  override readonly name = "ThreadUnknownError";
}

/** What thread/start, thread/resume and thread/fork say of the thread. */
export interface ThreadEcho {
  thread: { id: string };
  cwd: string;
  model: string;
  approvalPolicy: unknown;
  sandbox: { type: string };
}

const SANDBOX_ECHO: Record<SessionRecord["sandbox"], string> = {
  "read-only": "readOnly",
  "workspace-write": "workspaceWrite",
  "danger-full-access": "dangerFullAccess",
};

/**
 * Makes sure that the session's thread is loaded in this child, starting or resuming it, and that
 * its sandbox, approval policy, cwd and model are the session's (unknown fields are ignored
 * silently by Codex, so the echo is the only proof).
 */
export class ThreadLoader {
  readonly #child: CodexChild;
  readonly #journal: Journal;

  constructor(child: CodexChild, journal: Journal) {
    this.#child = child;
    this.#journal = journal;
  }

  /** Returns the thread's id. Throws PolicyNotAppliedError, ThreadUnknownError, or what the request threw. */
  async ensure(session: SessionRecord): Promise<string> {
    if (session.threadId && this.#child.isLoaded(session.threadId)) return session.threadId;
    const echo = await this.#load(session);
    checkEcho(session, echo);
    this.#child.markLoaded(echo.thread.id, true);
    if (session.threadId !== echo.thread.id) await this.#recordThread(session, echo.thread.id);
    return echo.thread.id;
  }

  async #load(session: SessionRecord): Promise<ThreadEcho> {
    const settings = {
      cwd: session.cwd,
      sandbox: session.sandbox,
      approvalPolicy: session.approvalPolicy,
      ...(session.model === undefined ? {} : { model: session.model }),
    };
    if (session.threadId && session.durable) {
      const resumed = await this.#resume(session, { threadId: session.threadId, excludeTurns: true, ...settings });
      if (resumed) return resumed;
    }
    const { result } = await this.#child.request("thread/start", settings);
    return result as ThreadEcho;
  }

  /** Undefined when Codex has nothing of the thread and never had: then it is started anew. */
  async #resume(
    session: SessionRecord,
    params: { threadId: string; excludeTurns: true },
  ): Promise<ThreadEcho | undefined> {
    try {
      return await this.#resumeArchivedToo(params);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if ((isThreadUnknown(error) || isThreadBlank(error)) && !this.#hasHistory(session)) return undefined;
      if (isThreadUnknown(error)) {
        throw new ThreadUnknownError(`Codex does not know thread ${session.threadId}: ${error.message}`, {
          cause: error,
        });
      }
      throw error;
    }
  }

  /**
   * A thread may be in Codex's archive though its session is not in ours: a daemon was killed between the two, or
   * somebody else put it there.
   */
  async #resumeArchivedToo(params: { threadId: string; excludeTurns: true }): Promise<ThreadEcho> {
    try {
      return (await this.#child.request("thread/resume", params)).result as ThreadEcho;
    } catch (error) {
      if (!(error instanceof RpcError && isThreadArchived(error))) throw error;
    }
    await this.#child.request("thread/unarchive", { threadId: params.threadId });
    return (await this.#child.request("thread/resume", params)).result as ThreadEcho;
  }

  /**
   * Whether Codex ever stored a turn of the thread. A child that was killed as it acknowledged the first one left
   * nothing, or an empty file (measured); the session is not to be lost with it.
   */
  #hasHistory(session: SessionRecord): boolean {
    const { turns } = this.#journal.registries;
    const begunElsewhere = session.adopted || session.forkedFrom !== undefined;
    return begunElsewhere || [...turns.idsOf(session.id).newestFirst()].some((id) => isStored(turns.get(id)));
  }

  async #recordThread(session: SessionRecord, threadId: string): Promise<void> {
    const current = this.#journal.registries.sessions.get(session.id);
    if (!current) return;
    const updated = { ...current, threadId, durable: false, updatedAt: this.#journal.nowText() };
    await this.#journal.appendVisible([
      {
        type: "session.updated",
        sessionId: session.id,
        data: { session: this.#journal.registries.sessionView(updated) },
      },
    ]);
  }
}

/** Codex's words for a thread it has no record of (0.169.0). */
export const isThreadUnknown = (error: RpcError): boolean =>
  /no rollout found|thread not found|not materialized|thread not loaded|is not supported yet/.test(error.message);

/** Codex's words for a thread in its archive (0.169.0). */
export const isThreadArchived = (error: RpcError): boolean => /is archived/.test(error.message);

/** Its file is there and holds not even its first line. */
const isThreadBlank = (error: RpcError): boolean => /failed to read session metadata/.test(error.message);

const isStored = (turn: TurnRecord | undefined): boolean =>
  turn?.codexTurnId !== undefined &&
  ["completed", "interrupted", "failed"].includes(turn.state) &&
  turn.error?.code !== "not_started";

/** Throws PolicyNotAppliedError unless the thread runs under the session's own rules. */
export const checkEcho = (
  session: Pick<SessionRecord, "sandbox" | "approvalPolicy" | "model" | "cwd">,
  echo: ThreadEcho,
): void => {
  const mismatches: string[] = [];
  if (echo.sandbox?.type !== SANDBOX_ECHO[session.sandbox])
    mismatches.push(`sandbox is ${echo.sandbox?.type}, not ${session.sandbox}`);
  if (echo.approvalPolicy !== session.approvalPolicy)
    mismatches.push(`approvalPolicy is ${JSON.stringify(echo.approvalPolicy)}, not ${session.approvalPolicy}`);
  if (session.model !== undefined && echo.model !== session.model)
    mismatches.push(`model is ${echo.model}, not ${session.model}`);
  if (echo.cwd !== session.cwd) mismatches.push(`cwd is ${echo.cwd}, not ${session.cwd}`);
  if (mismatches.length > 0) throw new PolicyNotAppliedError(mismatches.join("; "));
};
