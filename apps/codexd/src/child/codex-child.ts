import {
  type AppServerLink,
  AppServerSupervisor,
  type ChildExit,
  type ExternalOptions,
  type LostConnection,
  readRecord,
  RpcError,
  type SupervisorHandlers,
  type SupervisorState,
} from "@baa/codex-app-server";
import { ProblemError } from "@baa/http";
import type { Logger } from "@baa/process";
import type { Notification } from "../events/translate.ts";
import type { Journal } from "../journal/journal.ts";
import { ConnectionGap } from "./connection-gap.ts";
import type { Ingest } from "./ingest.ts";
import { type LoadedThread, LoadedThreads } from "./loaded-threads.ts";
import { throughClosing } from "./through-closing.ts";

/** How long a caller's command waits for a child that is not ready. */
export const CHILD_WAIT_MS = 5000;

export interface ChildRequest {
  readonly id: number | string;
  readonly method: string;
  readonly params: unknown;
  readonly generation: number;
}

/** What a link of either kind tells the child. */
export type ChildHandlers = SupervisorHandlers & ExternalOptions["handlers"];

export interface CodexChildOptions {
  /** Makes the link: a supervised child of our own, or a connection to an app-server that runs already. */
  readonly link: (handlers: ChildHandlers) => AppServerLink;
  /** The app-server is somebody else's: it outlives connections and this daemon. */
  readonly isExternal: boolean;
  /** Where the supervisor keeps which child is ours. */
  readonly recordFile: string;
  readonly journal: Journal;
  readonly ingest: Ingest;
  readonly logger: Logger;
  /** Replaces our secrets in what the child answers and in its last words. */
  readonly redact: <T>(value: T) => T;
  readonly onRequest: (request: ChildRequest) => "taken" | "unknown";
  /** Called for every notification after it went to the log. */
  readonly onNotification?: (notification: Notification) => void;
  readonly onStderr: (line: string) => void;
  readonly onUnparsable: (line: Buffer) => void;
}

/** The one child: its life as events, its threads, and what waits for it. */
export class CodexChild {
  readonly supervisor: AppServerLink;
  readonly #options: CodexChildOptions;
  readonly #readyListeners = new Set<(generation: number) => void>();
  readonly #exitListeners = new Set<(exit: ChildExit) => void>();
  readonly #loaded = new LoadedThreads(() => performance.now());
  readonly #gap: ConnectionGap;
  #notReadySinceMs = performance.now();
  #lastExit: ChildExit | undefined;
  readonly #stopping = new AbortController();

  constructor(options: CodexChildOptions) {
    this.#options = options;
    this.#gap = new ConnectionGap({
      nowText: () => options.journal.nowText(),
      lastSeq: options.journal.log.written(),
    });
    this.supervisor = options.link({
      onState: (state) => this.#onState(options.redact(state)),
      onExit: (exit) => this.#onExit(exit),
      onLost: (lost) => this.#onLost(options.redact(lost)),
      onNotification: (notification) => {
        options.ingest.notification(notification);
        options.onNotification?.(notification);
      },
      onBatchEnd: () => options.ingest.flush(),
      onRequest: (request, generation) => this.#onRequest({ ...request, generation }),
      onStderr: options.onStderr,
      onUnparsable: options.onUnparsable,
    });
    options.journal.onHeld((held) => (held ? this.supervisor.pauseReading() : this.supervisor.resumeReading()));
  }

  /** Notes the end of a child that a former daemon left, then reaps it and starts a new one. */
  start(): Promise<void> {
    if (!this.isExternal) this.#noteFormer();
    return this.supervisor.start();
  }

  /** Lets go who waits for the child, and ends it. */
  stop(): Promise<void> {
    this.#stopping.abort();
    return this.supervisor.stop();
  }

  get state(): SupervisorState {
    return this.#options.redact(this.supervisor.state);
  }

  get isExternal(): boolean {
    return this.#options.isExternal;
  }

  get isReady(): boolean {
    return this.supervisor.state.kind === "ready";
  }

  /** Ready, and not about to be restarted. */
  get takesTurns(): boolean {
    return this.isReady && this.supervisor.state.recycling === undefined;
  }

  get generation(): number {
    return this.supervisor.state.generation;
  }

  /** Restarts the child now, whatever it is doing. Throws child_not_ours when somebody else started the app-server. */
  restart(reason: string): void {
    if (!(this.supervisor instanceof AppServerSupervisor)) throw new ProblemError("child_not_ours");
    this.supervisor.restart(reason);
  }

  get lastExit(): ChildExit | undefined {
    return this.#lastExit;
  }

  /** Milliseconds since the child was last ready; 0 while it is. */
  get notReadyMs(): number {
    return this.isReady ? 0 : performance.now() - this.#notReadySinceMs;
  }

  /** Threads that this child has loaded: they take turns without being resumed first. */
  isLoaded(threadId: string): boolean {
    this.touch(threadId);
    return this.#loaded.has(threadId);
  }

  markLoaded(threadId: string, loaded: boolean): void {
    if (loaded) this.#loaded.add(threadId);
    else this.#loaded.delete(threadId);
  }

  /** A loaded thread is of use now. */
  touch(threadId: string): void {
    if (this.#loaded.has(threadId)) this.#loaded.add(threadId);
  }

  /** The threads that are loaded, the one that was of use longest ago first. */
  get loadedThreads(): LoadedThread[] {
    return this.#loaded.all();
  }

  request: AppServerLink["request"] = async (...args) => {
    const { redact } = this.#options;
    try {
      const { result, generation } = await throughClosing(args[0], () => this.supervisor.request(...args));
      return { result: redact(result), generation };
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      const { code, message, data } = error;
      throw new RpcError({ code, message: redact(message), data: redact(data) });
    }
  };

  /** Waits a little for the child; throws child_unavailable with Retry-After when it does not come, or `stopping`. */
  async ensureReady(): Promise<void> {
    if (this.state.recycling !== undefined) {
      throw new ProblemError("child_unavailable", `The child is about to be restarted: ${this.state.recycling}`, {
        retryAfterS: 5,
      });
    }
    if (this.isReady || (await this.supervisor.whenReady(CHILD_WAIT_MS, this.#stopping.signal))) return;
    if (this.#stopping.signal.aborted) throw new ProblemError("stopping", undefined, { retryAfterS: 5 });
    const { kind, reason } = this.state;
    throw new ProblemError("child_unavailable", reason ? `The child is ${kind}: ${reason}` : `The child is ${kind}.`, {
      retryAfterS: 5,
    });
  }

  onReady(listener: (generation: number) => void): void {
    this.#readyListeners.add(listener);
  }

  onExit(listener: (exit: ChildExit) => void): void {
    this.#exitListeners.add(listener);
  }

  /** A daemon that was killed could not log the end of its child: it is logged now, with the last event before it. */
  #noteFormer(): void {
    const { journal, recordFile } = this.#options;
    const former = readRecord(recordFile);
    if (!("record" in former) || !former.record.live) return;
    const { generation, child } = former.record;
    const data = {
      generation,
      pid: child?.pid,
      code: null,
      signal: null,
      reason: "daemon_exited",
      lastSeq: journal.log.written(),
    };
    journal.obliged(() => void journal.append([{ type: "child.exited", data }]));
  }

  #onRequest(request: ChildRequest): "taken" | "unknown" {
    this.#options.ingest.flush();
    try {
      return this.#options.onRequest(request);
    } catch (error) {
      // Nested too deeply to be walked: nothing that anybody could decide on.
      if (error instanceof RangeError) return "unknown";
      throw error;
    }
  }

  #onState(state: SupervisorState): void {
    const { logger } = this.#options;
    logger.info({ event: "child.state", ...state }, `child is ${state.kind}`);
    const { kind, generation, pid, version, reason } = state;
    if (kind === "ready") this.#onReady({ generation, pid, version });
    // Attempts to reach an app-server that is not ours are no events: it may be away for days.
    if (this.isExternal) return;
    if (kind === "starting") {
      this.#loaded.clear();
      this.#append("child.starting", { generation });
    } else if (kind === "degraded") this.#append("child.degraded", { generation, reason });
  }

  #onReady(child: { generation: number; pid: number | undefined; version: string | undefined }): void {
    const { journal } = this.#options;
    const { generation } = child;
    if (!this.isExternal) {
      this.#append("child.ready", child);
      return this.#tellReady(generation);
    }
    journal.obliged(() => {
      const gap = this.#gap.event(generation);
      journal.append([...(gap ? [gap] : []), { type: "child.ready", data: { ...child, external: true } }]);
    });
    void this.#followAgain(generation, this.#gap.close()).then(() => this.#tellReady(generation));
  }

  #tellReady(generation: number): void {
    if (this.generation !== generation) return;
    for (const listener of this.#readyListeners) listener(generation);
  }

  /**
   * A new connection is told nothing of a thread until it has resumed it; pending approvals are sent again then.
   * Their settings stand as they are: the session's own are checked when its next turn loads the thread.
   */
  async #followAgain(generation: number, threads: readonly string[]): Promise<void> {
    const { journal, logger } = this.#options;
    const { turns, sessions } = journal.registries;
    const ofTurns = turns.open().flatMap((turn) => sessions.get(turn.sessionId)?.threadId ?? []);
    const resume = async (threadId: string): Promise<void> => {
      try {
        await this.request("thread/resume", { threadId, excludeTurns: true });
      } catch (error) {
        logger.warn({ event: "thread.follow.failed", threadId, generation, err: error }, "a thread is not followed");
      }
    };
    await Promise.all([...new Set([...threads, ...ofTurns])].map(resume));
  }

  #append(type: string, data: Record<string, unknown>): void {
    const { journal } = this.#options;
    journal.obliged(() => void journal.append([{ type, data }]));
  }

  /** The connection is gone, the app-server and its turns perhaps not: they are looked up when it is back. */
  #onLost(lost: LostConnection): void {
    const { journal, ingest } = this.#options;
    ingest.flush();
    this.#notReadySinceMs = performance.now();
    const threads = this.#loaded.all().map(({ threadId }) => threadId);
    this.#gap.lost(lost, { lastSeq: journal.log.written(), threads });
    this.#loaded.clear();
  }

  #onExit(exit: ChildExit): void {
    const { journal, ingest } = this.#options;
    ingest.flush();
    this.#lastExit = exit;
    this.#notReadySinceMs = performance.now();
    this.#loaded.clear();
    const { generation, pid, code, signal, reason } = exit;
    journal.obliged(
      () =>
        void journal.append([
          { type: "child.exited", data: { generation, pid, code, signal, reason, lastSeq: journal.log.written() } },
        ]),
    );
    for (const listener of this.#exitListeners) listener(exit);
  }
}
