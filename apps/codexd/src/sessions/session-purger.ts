import fs from "node:fs";
import { RpcError } from "@baa/codex-app-server";
import type { Logger } from "@baa/process";
import type { CodexChild } from "../child/codex-child.ts";
import type { FileStore } from "../files/file-store.ts";
import type { Journal } from "../journal/journal.ts";
import type { PurgeRecord } from "../registry/records.ts";
import { isThreadUnknown } from "../turns/thread-loader.ts";

/** Removes what a deleted session had on our own disk. Can be repeated. */
export const removeLeftovers = async (
  { id, cwd }: Pick<PurgeRecord, "id" | "cwd">,
  files: Pick<FileStore, "removeSession">,
): Promise<void> => {
  await files.removeSession(id);
  if (cwd !== undefined) await fs.promises.rm(cwd, { recursive: true, force: true });
};

export interface SessionPurgerOptions {
  readonly journal: Journal;
  readonly child: CodexChild;
  readonly files: Pick<FileStore, "removeSession">;
  readonly logger: Logger;
}

/**
 * Removes what deleted sessions left behind: their files, their scratch directories, and Codex's own copy of the threads
 * that were made for them. `session.deleted` puts a session on the list (in the session registry, so it survives any
 * restart), `session.purged` takes it off when nothing is left. Tried at once, after every ready child, and again after
 * each success: Codex keeps a thread as long as another was forked from it.
 */
export class SessionPurger {
  readonly #options: SessionPurgerOptions;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(options: SessionPurgerOptions) {
    this.#options = options;
    options.journal.onEvent(({ type }) => {
      if (type === "session.deleted") this.start();
    });
    options.child.onReady(() => this.start());
  }

  /** Looks through the list now, or once more when it is being looked through. */
  start(): void {
    this.#again = true;
    this.#running ??= this.#run()
      .catch((error: unknown) =>
        this.#options.logger.warn(
          { event: "session.purge.failed", err: error },
          "deleted sessions could not be cleared away",
        ),
      )
      .finally(() => {
        this.#running = undefined;
        if (this.#again) this.start();
      });
  }

  /** Resolves when the list was looked through. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    const { journal, logger } = this.#options;
    while (this.#again) {
      this.#again = false;
      // No session is forgotten whose deletion could still be undone by a crash.
      await journal.settled();
      for (const purge of journal.registries.sessions.purges()) {
        const isDone = await this.#purge(purge).catch((error: unknown) => {
          logger.warn(
            { event: "session.purge.failed", sessionId: purge.id, err: error },
            "a deleted session left files behind",
          );
          return false;
        });
        if (isDone) this.#again = true;
      }
    }
  }

  /** Whether it is off the list: nothing is left, and the log says so. */
  async #purge(purge: PurgeRecord): Promise<boolean> {
    const { journal, files } = this.#options;
    await removeLeftovers(purge, files);
    if (!(await this.#deleteThread(purge))) return false;
    const isListed = (): boolean => journal.registries.sessions.purges().some(({ id }) => id === purge.id);
    journal.obliged(() => {
      if (isListed()) journal.append([{ type: "session.purged", sessionId: purge.id, data: {} }]);
    });
    return !isListed();
  }

  /** Whether Codex has no copy that is ours to delete. A thread that another session has adopted meanwhile is not. */
  async #deleteThread({ id, threadId }: PurgeRecord): Promise<boolean> {
    const { child, journal, logger } = this.#options;
    if (threadId === undefined || journal.registries.sessions.byThread(threadId)) return true;
    if (!child.isReady) return false;
    try {
      await child.request("thread/delete", { threadId });
    } catch (error) {
      if (error instanceof RpcError && isThreadUnknown(error)) return true;
      logger.info(
        { event: "thread.delete.failed", sessionId: id, threadId, err: error },
        "Codex keeps a deleted thread",
      );
      return false;
    }
    child.markLoaded(threadId, false);
    return true;
  }
}
