import type { ClientMethod, ClientRequests } from "../protocol/client-requests.ts";
import type { SupervisorState, SupervisorStats } from "../supervisor/types.ts";

/**
 * The one way to an app-server, whoever started it: the supervisor's own child (`AppServerSupervisor`) or a server that
 * runs already (`ExternalAppServer`). A generation is one child, or one connection.
 */
export interface AppServerLink {
  readonly state: SupervisorState;
  /** Begins the first attempt; never rejects. Idempotent. */
  start(): Promise<void>;
  /** Lets go of the app-server; never rejects. Idempotent. */
  stop(): Promise<void>;
  /** True as soon as the app-server is ready; false after `timeoutMs` or when aborted. */
  whenReady(timeoutMs: number, signal?: AbortSignal): Promise<boolean>;
  /**
   * Sends a request to the ready app-server; `timeoutMs` (default `requestMs`) covers the wait for a slot too.
   * Rejects with ChildUnavailableError (not ready, or it went away), RequestTimeoutError, WindowFullError,
   * MessageRefusedError or RpcError. After the first two `sent` tells whether the app-server may have seen it.
   */
  request<M extends ClientMethod>(
    method: M,
    params: ClientRequests[M]["params"],
    o?: { timeoutMs?: number },
  ): Promise<{ result: ClientRequests[M]["result"]; generation: number }>;
  /** Answers a request of that generation; false when it is gone. */
  respond(id: number | string, generation: number, result: unknown): boolean;
  /** Answers with an error; false when that generation is gone. */
  respondError(id: number | string, generation: number, code: number, message: string): boolean;
  /** Stops reading, now and for every later generation; deadlines and probes stand still. */
  pauseReading(): void;
  resumeReading(): void;
  stats(): SupervisorStats;
}

/** What every link tells, in the order things happen. Handlers must not throw. */
export interface LinkHandlers {
  onState(state: SupervisorState): void;
  onNotification(notification: { method: string; params: unknown }, generation: number): void;
  /** "unknown" is answered with -32601 at once. */
  onRequest(request: { id: number | string; method: string; params: unknown }, generation: number): "taken" | "unknown";
  onUnparsable(line: Buffer, generation: number): void;
  /** All notifications and requests of one chunk were handed on. */
  onBatchEnd?(generation: number): void;
}
