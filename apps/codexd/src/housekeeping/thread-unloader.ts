import { isTerminalTurnState } from "@baa/contracts";
import { RpcError } from "@baa/codex-app-server";
import type { Clock, Logger } from "@baa/process";
import type { CodexChild } from "../child/codex-child.ts";
import type { LoadedThread } from "../child/loaded-threads.ts";
import type { Journal } from "../journal/journal.ts";

export interface ThreadUnloaderOptions {
  readonly child: CodexChild;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A thread that was of no use for this long is unloaded. */
  readonly idleMs: number;
  /** Above this many those that were of use longest ago are unloaded. */
  readonly loadedMax: number;
}

const INTERVAL_MS_MIN = 250;
const INTERVAL_MS_MAX = 60_000;

/**
 * Lets Codex forget threads that nobody uses. Codex frees a thread by itself once no connection is subscribed to it
 * and nothing goes on in it (0.169.0: after `thread_unload_delay_secs`, 60 by default); nothing of it is lost, it is
 * not archived, and the session's next turn loads it again. Measured: archiving frees at once, but a thread with
 * background commands loses them, and a crash in between would leave it archived.
 */
export class ThreadUnloader {
  readonly #o: ThreadUnloaderOptions;
  #timer: NodeJS.Timeout | undefined;
  #isSweeping = false;
  #unsubscribe: () => void = () => {};

  constructor(o: ThreadUnloaderOptions) {
    this.#o = o;
  }

  start(): void {
    const { journal, child, idleMs, logger } = this.#o;
    const { turns, sessions } = journal.registries;
    // A turn counts as use until its end, however long it takes.
    this.#unsubscribe = journal.onEvent(({ type, turnId }) => {
      if (turnId === undefined || !type.startsWith("turn.")) return;
      const turn = turns.get(turnId);
      const threadId = turn && isTerminalTurnState(turn.state) ? sessions.get(turn.sessionId)?.threadId : undefined;
      if (threadId !== undefined) child.touch(threadId);
    });
    const intervalMs = Math.min(INTERVAL_MS_MAX, Math.max(INTERVAL_MS_MIN, idleMs / 4));
    this.#timer = setInterval(() => {
      this.sweep().catch((error: unknown) =>
        logger.error({ event: "thread.unload.failed", err: error }, "idle threads could not be looked at"),
      );
    }, intervalMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#unsubscribe();
  }

  /** Unloads what is due, one thread after the other. */
  async sweep(): Promise<void> {
    const { child, clock, idleMs, loadedMax } = this.#o;
    if (this.#isSweeping || !child.isReady) return;
    this.#isSweeping = true;
    try {
      const loaded = child.loadedThreads;
      let surplus = loaded.length - loadedMax;
      for (const thread of loaded.filter(({ threadId }) => !this.#isBusy(threadId))) {
        if (surplus <= 0 && clock.monoMs() - thread.usedAtMs < idleMs) break;
        if (await this.#unload(thread)) surplus -= 1;
      }
    } finally {
      this.#isSweeping = false;
    }
  }

  #isBusy(threadId: string): boolean {
    const { sessions, turns } = this.#o.journal.registries;
    const session = sessions.byThread(threadId);
    return session !== undefined && turns.openOf(session.id).length > 0;
  }

  async #unload(thread: LoadedThread): Promise<boolean> {
    const { child, logger } = this.#o;
    const { threadId } = thread;
    const { generation } = child;
    try {
      if (await this.#hasCommands(threadId)) return false;
      const now = child.loadedThreads.find((each) => each.threadId === threadId);
      const isUnused = child.generation === generation && now?.usedAtMs === thread.usedAtMs;
      if (!isUnused || this.#isBusy(threadId)) return false;
      // In this order and at once: whoever needs the thread from now on resumes it, behind our line.
      child.markLoaded(threadId, false);
      await child.request("thread/unsubscribe", { threadId });
      return true;
    } catch (error) {
      logger.debug({ event: "thread.unload.failed", threadId, err: error }, "an idle thread could not be unloaded");
      return false;
    }
  }

  /** Commands that a turn left running on purpose end with their thread: then it stays. */
  async #hasCommands(threadId: string): Promise<boolean> {
    try {
      const { result } = await this.#o.child.request("thread/backgroundTerminals/list", { threadId });
      return result.data.length > 0;
    } catch (error) {
      if (error instanceof RpcError) return false; // a thread that Codex does not know has none
      throw error;
    }
  }
}
