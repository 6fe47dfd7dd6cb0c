import { setTimeout as sleep } from "node:timers/promises";
import type { AppServerLink, LinkHandlers } from "../link/app-server-link.ts";
import { connectionHandlers } from "../link/connection-handlers.ts";
import type { ClientMethod, ClientRequests } from "../protocol/client-requests.ts";
import { readRecord, writeRecord } from "../reaping/child-record.ts";
import { ChildUnavailableError } from "../rpc/errors.ts";
import type { RpcConnection } from "../rpc/rpc-connection.ts";
import { shakeHands } from "../supervisor/handshake.ts";
import type { HealthProbe } from "../supervisor/health-probe.ts";
import { ReadyGate } from "../supervisor/ready-gate.ts";
import { StatsBook } from "../supervisor/stats-book.ts";
import {
  DEFAULT_TIMINGS,
  type SupervisorState,
  type SupervisorStats,
  type SupervisorTimings,
} from "../supervisor/types.ts";
import { watchHealth } from "../supervisor/watch-health.ts";
import { describeEndpoint, type Endpoint } from "./endpoint.ts";
import { SocketConnection } from "./socket-connection.ts";

/** A connection that was ready and is gone; the app-server may well go on without us. */
export interface LostConnection {
  generation: number;
  reason: string;
}

export interface ExternalOptions {
  endpoint: Endpoint;
  /** The bearer token, read again for every connection. May throw: then the attempt has failed. */
  token?: () => string | undefined;
  clientInfo: { name: string; title: string; version: string };
  /** Where the generation is kept, so that it grows over restarts. Its directory must exist. */
  recordFile: string;
  timings?: Partial<SupervisorTimings>;
  handlers: LinkHandlers & { onLost(lost: LostConnection): void };
  random?: () => number;
}

/** A server that runs already is looked for again at least this often. */
const EXTERNAL_TIMINGS: Partial<SupervisorTimings> = { backoffMaxMs: 5_000 };

/**
 * A link to an app-server that somebody else started and keeps alive: connects, and connects again with back-off.
 * It starts, ends and reaps nothing. Every connection is a generation.
 *
 *   stopped ─▶ starting ─▶ handshaking ─▶ ready ─▶ backoff ─▶ starting …
 *                  └────────────┴───────────────────▲           (stop leads from everywhere to stopped)
 */
export class ExternalAppServer implements AppServerLink {
  readonly #o: ExternalOptions;
  readonly #timings: SupervisorTimings;
  readonly #random: () => number;
  readonly #stats = new StatsBook();
  readonly #gate = new ReadyGate();
  #state: SupervisorState = { kind: "stopped", generation: 0 };
  #socket: SocketConnection | undefined;
  #paused = false;
  #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(o: ExternalOptions) {
    this.#o = o;
    this.#timings = { ...DEFAULT_TIMINGS, ...EXTERNAL_TIMINGS, ...o.timings };
    this.#random = o.random ?? Math.random;
  }

  get state(): SupervisorState {
    return this.#state;
  }

  /** Begins the first attempt. Waits for a stop that is under way. */
  async start(): Promise<void> {
    if (this.#stop.signal.aborted) await this.#running;
    if (this.#running !== undefined && !this.#stop.signal.aborted) return;
    this.#stop = new AbortController();
    this.#running = this.#run(this.#stop.signal);
  }

  /** Closes the connection; the app-server and its turns go on. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  whenReady(timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    return this.#state.kind === "ready" ? Promise.resolve(true) : this.#gate.wait(timeoutMs, signal);
  }

  async request<M extends ClientMethod>(
    method: M,
    params: ClientRequests[M]["params"],
    o: { timeoutMs?: number } = {},
  ): Promise<{ result: ClientRequests[M]["result"]; generation: number }> {
    const { kind, generation } = this.#state;
    if (kind !== "ready" || this.#socket === undefined) {
      throw new ChildUnavailableError(`the app-server is not connected (${kind})`, { sent: false });
    }
    const timeoutMs = o.timeoutMs ?? this.#timings.requestMs;
    const result = await this.#socket.connection.request(method, params, { timeoutMs });
    return { result: result as ClientRequests[M]["result"], generation };
  }

  respond(id: number | string, generation: number, result: unknown): boolean {
    return this.#connectionOf(generation)?.respond(id, result) ?? false;
  }

  respondError(id: number | string, generation: number, code: number, message: string): boolean {
    return this.#connectionOf(generation)?.respondError(id, code, message) ?? false;
  }

  pauseReading(): void {
    this.#paused = true;
    this.#socket?.pause();
  }

  resumeReading(): void {
    this.#paused = false;
    this.#socket?.resume();
  }

  stats(): SupervisorStats {
    return this.#stats.read(this.#socket?.connection.stats);
  }

  async #run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    let generation = this.#lastGeneration();
    while (!signal.aborted) {
      generation += 1;
      const { reason, wasReady, socket } = await this.#attempt(generation, signal);
      failures = wasReady ? 0 : failures + 1;
      const ceiling = Math.min(
        this.#timings.backoffInitialMs * 2 ** Math.min(failures, 30),
        this.#timings.backoffMaxMs,
      );
      const inMs = Math.round(ceiling * (0.5 + this.#random() / 2));
      // Not ready any more before anybody is told: what a handler asks now is refused, not lost.
      this.#publish(
        signal.aborted
          ? { kind: "stopped", generation }
          : { kind: "backoff", generation, reason, retryAtMs: Date.now() + inMs },
      );
      if (wasReady && !signal.aborted) this.#o.handlers.onLost({ generation, reason });
      socket?.connection.close(`the connection to the app-server was lost (${reason})`);
      await sleep(inMs, undefined, { signal }).catch(() => undefined); // a stop ends the wait
    }
  }

  /** One connection from its beginning to its end. */
  async #attempt(
    generation: number,
    signal: AbortSignal,
  ): Promise<{ reason: string; wasReady: boolean; socket?: SocketConnection }> {
    this.#publish({ kind: "starting", generation });
    let socket: SocketConnection;
    try {
      socket = await this.#open(generation, signal);
    } catch (error) {
      const words =
        error instanceof Error ? error.message || String((error as { code?: unknown }).code) : String(error);
      return { reason: `${describeEndpoint(this.#o.endpoint)} cannot be reached: ${words}`, wasReady: false };
    }
    this.#socket = socket;
    if (this.#paused) socket.pause();
    const wasReady = await this.#handshake(generation, socket);
    const probe = wasReady ? this.#watch(socket) : undefined;
    const reason = await socket.ended;
    probe?.stop();
    this.#socket = undefined;
    if (wasReady) this.#stats.onExit("exit");
    this.#stats.onEnd(socket.connection.stats);
    return { reason, wasReady, socket };
  }

  #open(generation: number, signal: AbortSignal): Promise<SocketConnection> {
    const { handlers, endpoint, token } = this.#o;
    return SocketConnection.open({
      endpoint,
      token: token?.(),
      random: this.#random,
      connectMs: this.#timings.readyMs,
      signal,
      handlers: connectionHandlers(handlers, generation),
    });
  }

  /** False when the handshake failed; then the connection is closed. */
  async #handshake(generation: number, socket: SocketConnection): Promise<boolean> {
    this.#publish({ kind: "handshaking", generation });
    const { clientInfo } = this.#o;
    let isShaking = true;
    void socket.ended.then((reason) => isShaking && socket.connection.close(reason));
    const outcome = await shakeHands(socket.connection, { clientInfo, readyMs: this.#timings.readyMs });
    isShaking = false;
    if (outcome.kind !== "ready") {
      socket.close(
        outcome.kind === "failed" ? outcome.detail : "the connection was closed before initialize was answered",
      );
      return false;
    }
    this.#remember(generation);
    this.#stats.onSpawn();
    this.#publish({ kind: "ready", generation, version: outcome.version });
    this.#gate.open();
    return true;
  }

  #watch(socket: SocketConnection): HealthProbe {
    return watchHealth({
      connection: socket.connection,
      timings: this.#timings,
      stats: this.#stats,
      onHung: (detail) => socket.close(detail),
    });
  }

  #publish(state: SupervisorState): void {
    this.#state = state;
    this.#o.handlers.onState(state);
  }

  #connectionOf(generation: number): RpcConnection | undefined {
    const { kind } = this.#state;
    const isUsable = (kind === "ready" || kind === "handshaking") && this.#state.generation === generation;
    return isUsable ? this.#socket?.connection : undefined;
  }

  #lastGeneration(): number {
    const read = readRecord(this.#o.recordFile);
    return Math.max(this.#state.generation, "record" in read ? read.record.generation : 0);
  }

  /** Only the number is kept. A record that names a child of ours stays for whoever supervises again. */
  #remember(generation: number): void {
    const read = readRecord(this.#o.recordFile);
    if ("record" in read && read.record.live) return;
    const marker = { name: "external", value: describeEndpoint(this.#o.endpoint) };
    try {
      writeRecord(this.#o.recordFile, { format: 1, generation, marker, live: false });
    } catch {
      // A full disk: the next daemon may use this number again; requests of another process never match it.
    }
  }
}
