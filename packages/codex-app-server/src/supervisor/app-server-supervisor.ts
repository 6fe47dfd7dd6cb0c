import { systemProcessTable } from "../reaping/process-table.ts";
import { ChildUnavailableError } from "../rpc/errors.ts";
import type { AppServerLink } from "../link/app-server-link.ts";
import { connectionHandlers } from "../link/connection-handlers.ts";
import type { ClientMethod, ClientRequests } from "../protocol/client-requests.ts";
import { type Ended, Child } from "./child.ts";
import { ChildLedger } from "./child-ledger.ts";
import { shakeHands } from "./handshake.ts";
import type { HealthProbe } from "./health-probe.ts";
import { ReadyGate } from "./ready-gate.ts";
import { RecycleWait } from "./recycle-wait.ts";
import { describeSpawnFailure, isConfigFault } from "./spawn-fault.ts";
import { StatsBook } from "./stats-book.ts";
import { INITIAL_STATE, type MachineEffect, type MachineEvent, type MachineState, step } from "./supervisor-machine.ts";
import { publicState } from "./public-state.ts";
import { watchHealth } from "./watch-health.ts";
import {
  type ChildExit,
  DEFAULT_TIMINGS,
  type SupervisorOptions,
  type SupervisorState,
  type SupervisorStats,
  type SupervisorTimings,
} from "./types.ts";

/**
 * Keeps one `codex app-server` alive: starts it, proves it answers, restarts it when it dies or hangs, ends it and
 * what it leaves behind. What to do when is decided by the pure machine; this class carries it out.
 */
export class AppServerSupervisor implements AppServerLink {
  readonly #o: SupervisorOptions;
  readonly #timings: SupervisorTimings;
  readonly #ledger: ChildLedger;
  readonly #stats = new StatsBook();
  readonly #random: () => number;
  readonly #events: MachineEvent[] = [];
  readonly #gate = new ReadyGate();
  #machine: MachineState = INITIAL_STATE;
  #state: SupervisorState = { kind: "stopped", generation: 0 };
  #dispatching = false;
  #child: Child | undefined;
  #exit: { ended: Ended; child: Child } | undefined;
  #probe: HealthProbe | undefined;
  #recycle: RecycleWait | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #paused = false;
  #attempt: Promise<void> = Promise.resolve();
  #wanted = false;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #onStopped: () => void = () => undefined;

  constructor(o: SupervisorOptions) {
    this.#o = o;
    this.#timings = { ...DEFAULT_TIMINGS, ...o.timings };
    this.#random = o.random ?? Math.random;
    this.#ledger = new ChildLedger({
      recordFile: o.recordFile,
      marker: o.marker,
      table: systemProcessTable(),
      onReaped: (report) => this.#o.handlers.onReaped?.(report),
    });
  }

  get state(): SupervisorState {
    return this.#state;
  }

  /**
   * Reaps the former child and begins the first attempt. Resolves when that attempt is under way or has failed (see
   * `state`), not when the child is ready; never rejects. Waits for a stop that is under way. Idempotent.
   */
  start(): Promise<void> {
    this.#wanted = true;
    if (this.#stopping !== undefined) {
      return this.#stopping.then(() => (this.#wanted ? this.start() : undefined));
    }
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** Ends the child by the ladder stdin, SIGTERM, SIGKILL and reaps what it left. Idempotent; never rejects. */
  stop(): Promise<void> {
    this.#wanted = false;
    if (this.#starting === undefined && this.#stopping === undefined) return Promise.resolve();
    this.#stopping ??= this.#stop().finally(() => {
      this.#stopping = undefined;
      this.#starting = undefined;
    });
    return this.#stopping;
  }

  /** True as soon as the child is ready; false after `timeoutMs` or when aborted. */
  whenReady(timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    return this.#machine.kind === "ready" ? Promise.resolve(true) : this.#gate.wait(timeoutMs, signal);
  }

  /**
   * Sends a request to the ready child; `timeoutMs` (default `requestMs`) covers the wait for a slot too.
   * Rejects with ChildUnavailableError (no ready child, or it went away), RequestTimeoutError, WindowFullError,
   * MessageRefusedError or RpcError. After the first two `sent` tells whether the child may have seen it.
   */
  async request<M extends ClientMethod>(
    method: M,
    params: ClientRequests[M]["params"],
    o: { timeoutMs?: number } = {},
  ): Promise<{ result: ClientRequests[M]["result"]; generation: number }> {
    const { generation } = this.#machine;
    if (this.#machine.kind !== "ready" || this.#child === undefined) {
      throw new ChildUnavailableError(`the app-server is ${this.#state.kind}`, { sent: false });
    }
    const result = await this.#child.connection.request(method, params, {
      timeoutMs: o.timeoutMs ?? this.#timings.requestMs,
    });
    // The child is pinned and its types generated; what we act on is checked where we act on it.
    return { result: result as ClientRequests[M]["result"], generation };
  }

  /** Answers a request of the child of that generation; false when that child is gone. */
  respond(id: number | string, generation: number, result: unknown): boolean {
    return this.#connectionOf(generation)?.respond(id, result) ?? false;
  }

  /** Answers with an error; false when that child is gone. */
  respondError(id: number | string, generation: number, code: number, message: string): boolean {
    return this.#connectionOf(generation)?.respondError(id, code, message) ?? false;
  }

  /** Stops reading the child's stdout, now and for every later child; deadlines and probes stand still. */
  pauseReading(): void {
    this.#paused = true;
    this.#child?.pause();
  }

  resumeReading(): void {
    this.#paused = false;
    this.#child?.resume();
  }

  /** Restarts the child when `isIdle` says so, after `recycleWaitMs` at the latest; retries at once when it is down. */
  recycle(reason: string): void {
    if (this.#machine.kind === "ready") this.#beginRecycle("recycle", reason);
    else this.#dispatch({ type: "retryNow" });
  }

  /** Restarts the child now, whatever it is doing; retries at once when it is down. */
  restart(reason: string): void {
    const { kind, generation } = this.#machine;
    if (kind === "ready" || kind === "handshaking")
      this.#dispatch({ type: "condemned", generation, reason: "recycle", detail: reason });
    else this.#dispatch({ type: "retryNow" });
  }

  stats(): SupervisorStats {
    return this.#stats.read(this.#child?.connection.stats);
  }

  async #start(): Promise<void> {
    this.#goOnFrom(this.#ledger.generation());
    this.#dispatch({ type: "start" });
    await this.#attempt;
  }

  /** Generations go on from those of a predecessor, so that (generation, request id) stays unique. */
  #goOnFrom(generation: number): void {
    if (generation > this.#machine.generation) this.#machine = { ...this.#machine, generation };
  }

  async #stop(): Promise<void> {
    await this.#starting;
    const stopped = new Promise<void>((resolve) => {
      this.#onStopped = resolve;
    });
    this.#dispatch({ type: "stop" });
    if (this.#machine.kind !== "stopped") await stopped;
    await this.#clean();
  }

  /** One event after the other: what a handler triggers while an event is carried out comes after it. */
  #dispatch(event: MachineEvent): void {
    this.#events.push(event);
    if (this.#dispatching) return;
    this.#dispatching = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) this.#apply(next);
    } finally {
      this.#dispatching = false;
    }
  }

  #apply(event: MachineEvent): void {
    const { state, effects } = step(this.#machine, event, this.#timings);
    if (state === this.#machine) return;
    this.#machine = state;
    if (state.kind !== "ready") this.#leaveReady();
    for (const effect of effects) this.#carryOut(effect);
    this.#publish();
    if (state.kind === "ready") this.#gate.open();
  }

  #carryOut(effect: MachineEffect): void {
    switch (effect.type) {
      case "spawn":
        this.#attempt = this.#spawn(effect.generation);
        return;
      case "handshake":
        void this.#handshake(effect.generation);
        return;
      case "watch":
        this.#watch(effect.generation);
        return;
      case "kill":
        if (effect.reason === "memory" || effect.reason === "recycle") this.#endGently();
        else this.#child?.signal("SIGKILL");
        return;
      case "endGently":
        this.#child?.abandon();
        this.#endGently();
        return;
      case "scheduleRetry":
        this.#retryTimer = setTimeout(
          () => this.#dispatch({ type: "retryDue", generation: effect.generation }),
          effect.inMs,
        );
        return;
      case "cancelRetry":
        clearTimeout(this.#retryTimer);
        return;
      case "reportExit":
        this.#reportExit(effect);
        return;
      case "stopped":
        this.#onStopped();
    }
  }

  #publish(): void {
    const recycling = this.#recycle?.detail;
    this.#state = publicState(this.#machine, { nowMs: Date.now(), recycling });
    this.#o.handlers.onState(this.#state);
  }

  /** Cleans up after the former child, records the new one and starts it; tells the machine how that went. */
  async #spawn(generation: number): Promise<void> {
    let child: Child | undefined;
    try {
      await this.#ledger.clean();
      await this.#o.beforeSpawn?.();
      this.#ledger.announce(generation);
      child = await this.#launch(generation);
      await this.#ledger.enter(generation, child.pid);
    } catch (error) {
      child?.signal("SIGKILL");
      await child?.ended;
      this.#ledger.leave(generation);
      const detail = describeSpawnFailure(error, this.#o);
      const fault = isConfigFault(error) ? "config" : "system";
      this.#dispatch({
        type: "spawnFailed",
        generation,
        fault,
        detail,
        atMs: performance.now(),
        random: this.#random(),
      });
      return;
    }
    this.#child = child;
    if (this.#paused) child.pause();
    this.#stats.onSpawn();
    this.#dispatch({ type: "spawned", generation, pid: child.pid });
    void this.#awaitEnd(generation, child);
  }

  #launch(generation: number): Promise<Child> {
    const { handlers, command, args, cwd, env } = this.#o;
    const marker = this.#ledger.markerOf(generation);
    return Child.spawn({
      command,
      args,
      cwd,
      env: { ...env, [marker.name]: marker.value },
      random: this.#random,
      handlers: {
        ...connectionHandlers(handlers, generation),
        onStderr: (line) => handlers.onStderr(line, generation),
        onBroken: (reason, detail) => this.#dispatch({ type: "condemned", generation, reason, detail }),
      },
    });
  }

  async #awaitEnd(generation: number, child: Child): Promise<void> {
    const ended = await child.ended;
    this.#exit = { ended, child };
    this.#ledger.leave(generation);
    const detail = child.stderrTail;
    this.#dispatch({ type: "exited", generation, ...ended, detail, atMs: performance.now(), random: this.#random() });
    child.connection.close(`the app-server ended (${this.#state.reason ?? "stopped"})`);
    this.#stats.onEnd(child.connection.stats);
    if (this.#child === child) this.#child = undefined;
    await this.#clean();
  }

  async #handshake(generation: number): Promise<void> {
    const connection = this.#child?.connection;
    if (connection === undefined) return;
    const { clientInfo, refuseVersion } = this.#o;
    const outcome = await shakeHands(connection, { clientInfo, readyMs: this.#timings.readyMs, refuseVersion });
    if (outcome.kind === "ready") {
      this.#dispatch({ type: "initialized", generation, version: outcome.version, atMs: performance.now() });
    } else if (outcome.kind === "failed") {
      this.#dispatch({ type: "condemned", generation, reason: outcome.reason, detail: outcome.detail });
    }
  }

  #watch(generation: number): void {
    const connection = this.#child?.connection;
    if (connection === undefined) return;
    this.#probe = watchHealth({
      connection,
      timings: this.#timings,
      stats: this.#stats,
      onMemory: (bytes) => this.#onMemory(bytes),
      onHung: (detail) => this.#dispatch({ type: "condemned", generation, reason: "hung", detail }),
    });
  }

  #onMemory(bytes: number | undefined): void {
    const limit = this.#o.memoryLimitBytes;
    if (bytes === undefined || limit === undefined || bytes <= limit) return;
    this.#beginRecycle("memory", `resident memory of ${bytes} bytes is over the limit of ${limit}`);
  }

  #beginRecycle(reason: "memory" | "recycle", detail: string): void {
    if (this.#recycle !== undefined) return;
    const { generation } = this.#machine;
    this.#recycle = new RecycleWait({
      reason,
      detail,
      isIdle: this.#o.isIdle ?? (() => true),
      maxMs: this.#timings.recycleWaitMs,
      due: () => this.#dispatch({ type: "condemned", generation, reason, detail }),
    });
    this.#publish();
  }

  #leaveReady(): void {
    this.#probe?.stop();
    this.#probe = undefined;
    this.#recycle?.cancel();
    this.#recycle = undefined;
  }

  #endGently(): void {
    void this.#child?.endGently({ stdinMs: this.#timings.stopStdinMs, termMs: this.#timings.stopTermMs });
  }

  #reportExit(effect: Extract<MachineEffect, { type: "reportExit" }>): void {
    const { generation, pid, reason } = effect;
    const { ended, child } = this.#exit ?? {};
    const { code, signal } = ended ?? { code: null, signal: null };
    const exit: ChildExit = { generation, pid, code, signal, reason, stderrTail: child?.stderrTail ?? "" };
    this.#stats.onExit(reason);
    this.#o.handlers.onExit(exit);
  }

  #connectionOf(generation: number): Child["connection"] | undefined {
    const { kind } = this.#machine;
    const usable = (kind === "ready" || kind === "handshaking") && this.#machine.generation === generation;
    return usable ? this.#child?.connection : undefined;
  }

  /** Reaping in the background: what fails now is tried again, and reported, by the next spawn. */
  async #clean(): Promise<void> {
    try {
      await this.#ledger.clean();
    } catch {
      // see above
    }
  }
}
