import {
  AppServerSupervisor,
  type ChildExit,
  readRecord,
  RpcError,
  type SupervisorOptions,
  type SupervisorState,
} from "@baa/codex-app-server";
import { ProblemError } from "@baa/http";
import type { Logger } from "@baa/process";
import type { Journal } from "../journal/journal.ts";
import type { Ingest } from "./ingest.ts";

/** How long a caller's command waits for a child that is not ready. */
export const CHILD_WAIT_MS = 5000;

export interface ChildRequest {
  readonly id: number | string;
  readonly method: string;
  readonly params: unknown;
  readonly generation: number;
}

export interface CodexChildOptions {
  readonly supervisor: Omit<SupervisorOptions, "handlers">;
  readonly journal: Journal;
  readonly ingest: Ingest;
  readonly logger: Logger;
  /** Replaces our secrets in what the child answers and in its last words. */
  readonly redact: <T>(value: T) => T;
  readonly onRequest: (request: ChildRequest) => "taken" | "unknown";
  readonly onStderr: (line: string) => void;
  readonly onUnparsable: (line: Buffer) => void;
}

/** The one supervised child: its life as events, its threads, and what waits for it. */
export class CodexChild {
  readonly supervisor: AppServerSupervisor;
  readonly #options: CodexChildOptions;
  readonly #readyListeners = new Set<(generation: number) => void>();
  readonly #exitListeners = new Set<(exit: ChildExit) => void>();
  readonly #loaded = new Set<string>();
  #notReadySinceMs = performance.now();
  #lastExit: ChildExit | undefined;
  readonly #stopping = new AbortController();

  constructor(options: CodexChildOptions) {
    this.#options = options;
    this.supervisor = new AppServerSupervisor({
      ...options.supervisor,
      handlers: {
        onState: (state) => this.#onState(options.redact(state)),
        onExit: (exit) => this.#onExit(exit),
        onNotification: (notification) => options.ingest.notification(notification),
        onBatchEnd: () => options.ingest.flush(),
        onRequest: (request, generation) => this.#onRequest({ ...request, generation }),
        onStderr: options.onStderr,
        onUnparsable: options.onUnparsable,
      },
    });
    options.journal.onHeld((held) => (held ? this.supervisor.pauseReading() : this.supervisor.resumeReading()));
  }

  /** Notes the end of a child that a former daemon left, then reaps it and starts a new one. */
  start(): Promise<void> {
    this.#noteFormer();
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

  get isReady(): boolean {
    return this.supervisor.state.kind === "ready";
  }

  get generation(): number {
    return this.supervisor.state.generation;
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
    return this.#loaded.has(threadId);
  }

  markLoaded(threadId: string, loaded: boolean): void {
    if (loaded) this.#loaded.add(threadId);
    else this.#loaded.delete(threadId);
  }

  request: AppServerSupervisor["request"] = async (...args) => {
    const { redact } = this.#options;
    try {
      const { result, generation } = await this.supervisor.request(...args);
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
    const { journal, supervisor } = this.#options;
    const former = readRecord(supervisor.recordFile);
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
    const { journal, logger } = this.#options;
    logger.info({ event: "child.state", ...state }, `child is ${state.kind}`);
    if (state.kind === "starting") {
      this.#loaded.clear();
      journal.obliged(() => void journal.append([{ type: "child.starting", data: { generation: state.generation } }]));
    } else if (state.kind === "ready") {
      const { generation, pid, version } = state;
      journal.obliged(() => void journal.append([{ type: "child.ready", data: { generation, pid, version } }]));
      for (const listener of this.#readyListeners) listener(generation);
    } else if (state.kind === "degraded") {
      journal.obliged(
        () =>
          void journal.append([
            { type: "child.degraded", data: { generation: state.generation, reason: state.reason } },
          ]),
      );
    }
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
