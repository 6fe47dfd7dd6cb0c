/**
 * The life of the child, as a pure function. Time and randomness come with the events.
 *
 *                       start                    spawned                    initialized
 *        ┌─────────┐ ─────────▶ ┌──────────┐ ─────────────▶ ┌─────────────┐ ───────────▶ ┌───────┐
 *        │ stopped │            │ starting │                │ handshaking │              │ ready │
 *        └─────────┘            └──────────┘                └─────────────┘              └───────┘
 *             ▲                  ▲   │ spawnFailed              │  │ refused, late,          │  │ condemned
 *             │         retryDue │   ▼                          │  │ condemned               │  ▼
 *             │          ┌────────────────────┐   exited        │  └────────────────▶ ┌─────────┐
 *             │          │ backoff · degraded │ ◀───────────────┴──── exited ──────── │ killing │
 *             │          └────────────────────┘ ◀──────────────────────────────────── └─────────┘
 *             │ exited, or there is no child                                            exited
 *        ┌──────────┐
 *        │ stopping │ ◀──── stop (from every state but stopped)
 *        └──────────┘
 *
 * An exit code before `initialize` was answered is a configuration error: degraded. A signal is a crash: back-off,
 * and the fifth death within the window is degraded too. Degraded retries by itself, slowly. After a degraded spell
 * the child is on probation: one death before it stood `deathsWindowMs` leads straight back, so a child that
 * initialises and dies is not restarted in bursts. Events carry the generation of the child they speak of; those of
 * another generation change nothing.
 */

export interface MachineTimings {
  backoffInitialMs: number;
  backoffMaxMs: number;
  degradedRetryMs: number;
  deathsMax: number;
  deathsWindowMs: number;
}

/** Why a child ended. `exit` = by a code after it was ready, `crash` = by a signal or a broken pipe. */
export type ExitReason = "exit" | "crash" | "config" | "hung" | "memory" | "oversize" | "recycle" | "stopped";

/** Why we end a child ourselves. */
export type KillReason = "crash" | "config" | "hung" | "memory" | "oversize" | "recycle";

/** What every state remembers. */
interface History {
  generation: number;
  /** Failed starts since the last `ready`: the exponent of the back-off. */
  failures: number;
  /** Monotonic times of the latest deaths within the window. */
  deaths: readonly number[];
  probation: boolean;
}

export type MachineState = History &
  (
    | { kind: "stopped" }
    | { kind: "starting" }
    | { kind: "handshaking"; pid: number }
    | { kind: "ready"; pid: number; version: string; readyAtMs: number }
    | { kind: "killing"; pid: number; killReason: KillReason; detail: string; readyAtMs: number | undefined }
    | { kind: "backoff"; reason: string; retryInMs: number }
    | { kind: "degraded"; reason: string; retryInMs: number }
    | { kind: "stopping"; pid: number | undefined }
  );

export type MachineEvent =
  | { type: "start" }
  | { type: "spawned"; generation: number; pid: number }
  | {
      type: "spawnFailed";
      generation: number;
      fault: "config" | "system";
      detail: string;
      atMs: number;
      random: number;
    }
  | { type: "initialized"; generation: number; version: string; atMs: number }
  | { type: "condemned"; generation: number; reason: KillReason; detail: string }
  | {
      type: "exited";
      generation: number;
      code: number | null;
      signal: string | null;
      detail: string;
      atMs: number;
      random: number;
    }
  | { type: "retryDue"; generation: number }
  | { type: "retryNow" }
  | { type: "stop" };

export type MachineEffect =
  | { type: "spawn"; generation: number }
  | { type: "handshake"; generation: number }
  | { type: "watch"; generation: number }
  | { type: "kill"; generation: number; reason: KillReason }
  | { type: "scheduleRetry"; generation: number; inMs: number }
  | { type: "cancelRetry" }
  | { type: "endGently"; generation: number }
  | { type: "reportExit"; generation: number; pid: number; reason: ExitReason }
  | { type: "stopped" };

export interface Step {
  state: MachineState;
  effects: readonly MachineEffect[];
}

export const INITIAL_STATE: MachineState = {
  kind: "stopped",
  generation: 0,
  failures: 0,
  deaths: [],
  probation: false,
};

/** Applies one event. An event that means nothing in this state returns the very same state and no effects. */
export function step(state: MachineState, event: MachineEvent, timings: MachineTimings): Step {
  if ("generation" in event && event.generation !== state.generation) return { state, effects: [] };
  switch (event.type) {
    case "start":
      return state.kind === "stopped" ? spawnNext(state, []) : same(state);
    case "spawned":
      return onSpawned(state, event.pid);
    case "spawnFailed":
      return onSpawnFailed(state, event, timings);
    case "initialized":
      return onInitialized(state, event);
    case "condemned":
      return onCondemned(state, event);
    case "exited":
      return onExited(state, event, timings);
    case "retryDue":
      return isWaiting(state) ? spawnNext(state, []) : same(state);
    case "retryNow":
      return isWaiting(state) ? spawnNext(state, [{ type: "cancelRetry" }]) : same(state);
    case "stop":
      return onStop(state);
  }
}

function same(state: MachineState): Step {
  return { state, effects: [] };
}

function isWaiting(state: MachineState): boolean {
  return state.kind === "backoff" || state.kind === "degraded";
}

function history(state: MachineState): History {
  const { generation, failures, deaths, probation } = state;
  return { generation, failures, deaths, probation };
}

function spawnNext(state: MachineState, before: readonly MachineEffect[]): Step {
  const generation = state.generation + 1;
  return {
    state: { ...history(state), kind: "starting", generation },
    effects: [...before, { type: "spawn", generation }],
  };
}

function onSpawned(state: MachineState, pid: number): Step {
  const { generation } = state;
  if (state.kind === "starting") {
    return { state: { ...history(state), kind: "handshaking", pid }, effects: [{ type: "handshake", generation }] };
  }
  if (state.kind === "stopping" && state.pid === undefined) {
    return { state: { ...state, pid }, effects: [{ type: "endGently", generation }] };
  }
  return same(state);
}

function onSpawnFailed(
  state: MachineState,
  event: Extract<MachineEvent, { type: "spawnFailed" }>,
  timings: MachineTimings,
): Step {
  if (state.kind === "stopping" && state.pid === undefined) return stopped(state, []);
  if (state.kind !== "starting") return same(state);
  if (event.fault === "config") return degrade(state, event.detail, timings, []);
  return afterDeath(state, { ...event, restartAtOnce: false }, timings, []);
}

function onInitialized(state: MachineState, event: Extract<MachineEvent, { type: "initialized" }>): Step {
  if (state.kind !== "handshaking") return same(state);
  const { pid } = state;
  return {
    state: { ...history(state), failures: 0, kind: "ready", pid, version: event.version, readyAtMs: event.atMs },
    effects: [{ type: "watch", generation: state.generation }],
  };
}

function onCondemned(state: MachineState, event: Extract<MachineEvent, { type: "condemned" }>): Step {
  if (state.kind !== "handshaking" && state.kind !== "ready") return same(state);
  const { generation, pid } = state;
  const readyAtMs = state.kind === "ready" ? state.readyAtMs : undefined;
  const { reason, detail } = event;
  return {
    state: { ...history(state), kind: "killing", pid, killReason: reason, detail, readyAtMs },
    effects: [{ type: "kill", generation, reason }],
  };
}

type Exited = Extract<MachineEvent, { type: "exited" }>;

function onExited(state: MachineState, event: Exited, timings: MachineTimings): Step {
  switch (state.kind) {
    case "handshaking": {
      const reason = event.code === null ? "crash" : "config";
      return afterExit(
        state,
        reason,
        { ...event, detail: describe(event, " before initialize was answered", event.detail) },
        timings,
      );
    }
    case "ready": {
      const reason = event.code === null ? "crash" : "exit";
      return afterExit(
        forgive(state, state.readyAtMs, event, timings),
        reason,
        { ...event, detail: describe(event, "", "") },
        timings,
      );
    }
    case "killing": {
      const { killReason, detail } = state;
      return afterExit(forgive(state, state.readyAtMs, event, timings), killReason, { ...event, detail }, timings);
    }
    case "stopping":
      if (state.pid === undefined) return same(state);
      return stopped(state, [{ type: "reportExit", generation: state.generation, pid: state.pid, reason: "stopped" }]);
    default:
      return same(state);
  }
}

/** A child that stood for the whole window ends its probation. */
function forgive<S extends MachineState>(
  state: S,
  readyAtMs: number | undefined,
  event: Exited,
  timings: MachineTimings,
): S {
  const stood = readyAtMs !== undefined && event.atMs - readyAtMs >= timings.deathsWindowMs;
  return stood && state.probation ? { ...state, probation: false } : state;
}

function afterExit(
  state: MachineState & { pid: number },
  reason: ExitReason,
  event: Exited,
  timings: MachineTimings,
): Step {
  const { generation, pid } = state;
  const report: MachineEffect = { type: "reportExit", generation, pid, reason };
  if (reason === "config") return degrade(state, event.detail, timings, [report]);
  const restartAtOnce = reason === "memory" || reason === "recycle";
  return afterDeath(state, { ...event, restartAtOnce }, timings, [report]);
}

interface Death {
  detail: string;
  atMs: number;
  random: number;
  restartAtOnce: boolean;
}

function afterDeath(
  state: MachineState,
  death: Death,
  timings: MachineTimings,
  before: readonly MachineEffect[],
): Step {
  const recent = state.deaths.filter((at) => death.atMs - at < timings.deathsWindowMs);
  const deaths = [...recent, death.atMs].slice(-timings.deathsMax);
  const next = { ...state, deaths };
  if (deaths.length >= timings.deathsMax) {
    const reason = `${deaths.length} deaths within ${timings.deathsWindowMs} ms, the last one: ${death.detail}`;
    return degrade(next, reason, timings, before);
  }
  if (death.restartAtOnce) return spawnNext(next, before);
  if (state.probation) return degrade(next, death.detail, timings, before);
  return backOff(next, death, timings, before);
}

function backOff(state: MachineState, death: Death, timings: MachineTimings, before: readonly MachineEffect[]): Step {
  const ceiling = Math.min(timings.backoffInitialMs * 2 ** Math.min(state.failures, 30), timings.backoffMaxMs);
  const inMs = Math.round(ceiling * (0.5 + death.random / 2));
  const { generation } = state;
  return {
    state: { ...history(state), failures: state.failures + 1, kind: "backoff", reason: death.detail, retryInMs: inMs },
    effects: [...before, { type: "scheduleRetry", generation, inMs }],
  };
}

function degrade(state: MachineState, reason: string, timings: MachineTimings, before: readonly MachineEffect[]): Step {
  const inMs = timings.degradedRetryMs;
  return {
    state: { ...history(state), probation: true, kind: "degraded", reason, retryInMs: inMs },
    effects: [...before, { type: "scheduleRetry", generation: state.generation, inMs }],
  };
}

function onStop(state: MachineState): Step {
  switch (state.kind) {
    case "stopped":
    case "stopping":
      return same(state);
    case "backoff":
    case "degraded":
      return stopped(state, [{ type: "cancelRetry" }]);
    case "starting":
      return { state: { ...history(state), kind: "stopping", pid: undefined }, effects: [] };
    case "killing":
      return { state: { ...history(state), kind: "stopping", pid: state.pid }, effects: [] };
    case "handshaking":
    case "ready":
      return {
        state: { ...history(state), kind: "stopping", pid: state.pid },
        effects: [{ type: "endGently", generation: state.generation }],
      };
  }
}

function stopped(state: MachineState, before: readonly MachineEffect[]): Step {
  return {
    state: { kind: "stopped", generation: state.generation, failures: 0, deaths: [], probation: false },
    effects: [...before, { type: "stopped" }],
  };
}

function describe(event: Exited, when: string, stderr: string): string {
  const how =
    event.code === null ? `killed by ${event.signal ?? "an unknown signal"}` : `exited with code ${event.code}`;
  return how + when + (stderr === "" ? "" : `: ${stderr}`);
}
