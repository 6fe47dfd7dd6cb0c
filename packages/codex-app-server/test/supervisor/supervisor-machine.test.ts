import { describe, expect, test } from "vitest";
import {
  INITIAL_STATE,
  type MachineEvent,
  type MachineState,
  type MachineTimings,
  step,
} from "../../src/supervisor/supervisor-machine.ts";

const TIMINGS: MachineTimings = {
  backoffInitialMs: 500,
  backoffMaxMs: 30_000,
  degradedRetryMs: 30_000,
  deathsMax: 5,
  deathsWindowMs: 60_000,
};

const HISTORY = { generation: 7, failures: 0, deaths: [], probation: false };

const STATES = {
  stopped: { ...HISTORY, kind: "stopped" },
  starting: { ...HISTORY, kind: "starting" },
  handshaking: { ...HISTORY, kind: "handshaking", pid: 42 },
  ready: { ...HISTORY, kind: "ready", pid: 42, version: "0.169.0", readyAtMs: 1_000 },
  killing: { ...HISTORY, kind: "killing", pid: 42, killReason: "hung", detail: "no answer", readyAtMs: 1_000 },
  backoff: { ...HISTORY, kind: "backoff", reason: "killed", retryInMs: 500 },
  degraded: { ...HISTORY, kind: "degraded", reason: "bad config", retryInMs: 30_000 },
  "stopping without child": { ...HISTORY, kind: "stopping", pid: undefined },
  "stopping with child": { ...HISTORY, kind: "stopping", pid: 42 },
} as const satisfies Record<string, MachineState>;

const AT = { generation: 7, atMs: 2_000, random: 1 };
const EVENTS = {
  start: { type: "start" },
  spawned: { type: "spawned", generation: 7, pid: 43 },
  "spawnFailed config": { type: "spawnFailed", ...AT, fault: "config", detail: "ENOENT" },
  "spawnFailed system": { type: "spawnFailed", ...AT, fault: "system", detail: "EAGAIN" },
  initialized: { type: "initialized", generation: 7, version: "0.170.0", atMs: 2_000 },
  condemned: { type: "condemned", generation: 7, reason: "oversize", detail: "too long" },
  "exited by code": { type: "exited", ...AT, code: 1, signal: null, detail: "stderr" },
  "exited by signal": { type: "exited", ...AT, code: null, signal: "SIGSEGV", detail: "stderr" },
  retryDue: { type: "retryDue", generation: 7 },
  retryNow: { type: "retryNow" },
  stop: { type: "stop" },
} as const satisfies Record<string, MachineEvent>;

type StateName = keyof typeof STATES;
type EventName = keyof typeof EVENTS;

const NOTHING = "-";
/** Next state and effects, or "-": the same state object and no effects. */
const TABLE: Record<StateName, Record<EventName, string>> = {
  stopped: {
    start: "starting 8 | spawn 8",
    spawned: NOTHING,
    "spawnFailed config": NOTHING,
    "spawnFailed system": NOTHING,
    initialized: NOTHING,
    condemned: NOTHING,
    "exited by code": NOTHING,
    "exited by signal": NOTHING,
    retryDue: NOTHING,
    retryNow: NOTHING,
    stop: NOTHING,
  },
  starting: {
    start: NOTHING,
    spawned: "handshaking 7 | handshake 7",
    "spawnFailed config": "degraded 7 | scheduleRetry 30000",
    "spawnFailed system": "backoff 7 | scheduleRetry 500",
    initialized: NOTHING,
    condemned: NOTHING,
    "exited by code": NOTHING,
    "exited by signal": NOTHING,
    retryDue: NOTHING,
    retryNow: NOTHING,
    stop: "stopping 7 |",
  },
  handshaking: {
    start: NOTHING,
    spawned: NOTHING,
    "spawnFailed config": NOTHING,
    "spawnFailed system": NOTHING,
    initialized: "ready 7 | watch 7",
    condemned: "killing 7 | kill oversize",
    "exited by code": "degraded 7 | reportExit config, scheduleRetry 30000",
    "exited by signal": "backoff 7 | reportExit crash, scheduleRetry 500",
    retryDue: NOTHING,
    retryNow: NOTHING,
    stop: "stopping 7 | endGently 7",
  },
  ready: {
    start: NOTHING,
    spawned: NOTHING,
    "spawnFailed config": NOTHING,
    "spawnFailed system": NOTHING,
    initialized: NOTHING,
    condemned: "killing 7 | kill oversize",
    "exited by code": "backoff 7 | reportExit exit, scheduleRetry 500",
    "exited by signal": "backoff 7 | reportExit crash, scheduleRetry 500",
    retryDue: NOTHING,
    retryNow: NOTHING,
    stop: "stopping 7 | endGently 7",
  },
  killing: {
    start: NOTHING,
    spawned: NOTHING,
    "spawnFailed config": NOTHING,
    "spawnFailed system": NOTHING,
    initialized: NOTHING,
    condemned: NOTHING,
    "exited by code": "backoff 7 | reportExit hung, scheduleRetry 500",
    "exited by signal": "backoff 7 | reportExit hung, scheduleRetry 500",
    retryDue: NOTHING,
    retryNow: NOTHING,
    stop: "stopping 7 |",
  },
  backoff: {
    start: NOTHING,
    spawned: NOTHING,
    "spawnFailed config": NOTHING,
    "spawnFailed system": NOTHING,
    initialized: NOTHING,
    condemned: NOTHING,
    "exited by code": NOTHING,
    "exited by signal": NOTHING,
    retryDue: "starting 8 | spawn 8",
    retryNow: "starting 8 | cancelRetry, spawn 8",
    stop: "stopped 7 | cancelRetry, stopped",
  },
  degraded: {
    start: NOTHING,
    spawned: NOTHING,
    "spawnFailed config": NOTHING,
    "spawnFailed system": NOTHING,
    initialized: NOTHING,
    condemned: NOTHING,
    "exited by code": NOTHING,
    "exited by signal": NOTHING,
    retryDue: "starting 8 | spawn 8",
    retryNow: "starting 8 | cancelRetry, spawn 8",
    stop: "stopped 7 | cancelRetry, stopped",
  },
  "stopping without child": {
    start: NOTHING,
    spawned: "stopping 7 | endGently 7",
    "spawnFailed config": "stopped 7 | stopped",
    "spawnFailed system": "stopped 7 | stopped",
    initialized: NOTHING,
    condemned: NOTHING,
    "exited by code": NOTHING,
    "exited by signal": NOTHING,
    retryDue: NOTHING,
    retryNow: NOTHING,
    stop: NOTHING,
  },
  "stopping with child": {
    start: NOTHING,
    spawned: NOTHING,
    "spawnFailed config": NOTHING,
    "spawnFailed system": NOTHING,
    initialized: NOTHING,
    condemned: NOTHING,
    "exited by code": "stopped 7 | reportExit stopped, stopped",
    "exited by signal": "stopped 7 | reportExit stopped, stopped",
    retryDue: NOTHING,
    retryNow: NOTHING,
    stop: NOTHING,
  },
};

/** `next state and generation | effects with what matters of them`. */
function apply(state: MachineState, event: MachineEvent): string {
  const after = step(state, event, TIMINGS);
  if (after.state === state && after.effects.length === 0) return NOTHING;
  const effects = after.effects.map((effect) => {
    if (effect.type === "reportExit" || effect.type === "kill") return `${effect.type} ${effect.reason}`;
    if (effect.type === "scheduleRetry") return `${effect.type} ${effect.inMs}`;
    return "generation" in effect ? `${effect.type} ${effect.generation}` : effect.type;
  });
  return `${after.state.kind} ${after.state.generation} | ${effects.join(", ")}`.trim();
}

describe.each(Object.keys(STATES) as StateName[])("%s", (name) => {
  test.each(Object.keys(EVENTS) as EventName[])("on %s", (event) => {
    expect(apply(STATES[name], EVENTS[event])).toBe(TABLE[name][event]);
  });

  test("an event of another generation changes nothing", () => {
    for (const event of Object.values(EVENTS)) {
      if (!("generation" in event)) continue;
      const state = STATES[name];
      expect(step(state, { ...event, generation: 6 }, TIMINGS)).toEqual({ state, effects: [] });
    }
  });
});

/** Runs events and returns the final state. */
function run(events: readonly MachineEvent[], from: MachineState = INITIAL_STATE): MachineState {
  return events.reduce((state, event) => step(state, event, TIMINGS).state, from);
}

function life(generation: number, o: { readyAtMs?: number; diesAtMs: number; random?: number }): MachineEvent[] {
  const { readyAtMs, diesAtMs: atMs, random = 1 } = o;
  return [
    { type: "retryDue", generation: generation - 1 },
    { type: "spawned", generation, pid: 100 + generation },
    ...(readyAtMs === undefined ? [] : [{ type: "initialized" as const, generation, version: "1", atMs: readyAtMs }]),
    { type: "exited", generation, code: null, signal: "SIGKILL", detail: "", atMs, random },
  ];
}

describe("back-off", () => {
  test("doubles from 0.5 s to 30 s while nothing gets ready", () => {
    const wide = { ...TIMINGS, deathsMax: 100 };
    let state: MachineState = step(INITIAL_STATE, { type: "start" }, wide).state;
    const waits: number[] = [];
    for (let generation = 1; generation <= 9; generation += 1) {
      for (const event of life(generation, { diesAtMs: 1_000 * generation })) state = step(state, event, wide).state;
      if (state.kind === "backoff") waits.push(state.retryInMs);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  test("is jittered down to half", () => {
    const state = run([{ type: "start" }, ...life(1, { diesAtMs: 10, random: 0 })]);
    expect(state).toMatchObject({
      kind: "backoff",
      retryInMs: 250,
      reason: "killed by SIGKILL before initialize was answered",
    });
  });

  test("starts anew once the child was ready", () => {
    const state = run([
      { type: "start" },
      ...life(1, { diesAtMs: 1_000 }),
      ...life(2, { diesAtMs: 2_000 }),
      ...life(3, { readyAtMs: 3_000, diesAtMs: 4_000 }),
    ]);
    expect(state).toMatchObject({ kind: "backoff", retryInMs: 500, reason: "killed by SIGKILL" });
  });
});

describe("degraded", () => {
  const fourDeaths = [1, 2, 3, 4].flatMap((at) => life(at, { readyAtMs: at * 1_000, diesAtMs: at * 1_000 + 500 }));

  test("the fifth death within 60 s is degraded, and says why", () => {
    expect(run([{ type: "start" }, ...fourDeaths])).toMatchObject({ kind: "backoff" });
    expect(run([{ type: "start" }, ...fourDeaths, ...life(5, { readyAtMs: 5_000, diesAtMs: 61_499 })])).toMatchObject({
      kind: "degraded",
      retryInMs: 30_000,
      reason: "5 deaths within 60000 ms, the last one: killed by SIGKILL",
    });
  });

  test("a fifth death after the window is an ordinary one", () => {
    const state = run([{ type: "start" }, ...fourDeaths, ...life(5, { readyAtMs: 5_000, diesAtMs: 61_500 })]);
    expect(state).toMatchObject({ kind: "backoff", retryInMs: 500 });
  });

  test("a child on probation that dies soon leads straight back, one that stood the window does not", () => {
    const degraded = run([{ type: "start" }, ...fourDeaths, ...life(5, { diesAtMs: 5_000 })]);
    expect(degraded.kind).toBe("degraded");
    const soon = run(life(6, { readyAtMs: 200_000, diesAtMs: 259_999 }), degraded);
    expect(soon).toMatchObject({ kind: "degraded", reason: "killed by SIGKILL" });
    const stood = run(life(6, { readyAtMs: 200_000, diesAtMs: 260_000 }), degraded);
    expect(stood).toMatchObject({ kind: "backoff", retryInMs: 500, probation: false });
  });

  test("an exit code before initialize is a configuration error with the child's words", () => {
    const state = run([
      { type: "start" },
      { type: "spawned", generation: 1, pid: 5 },
      { type: "exited", generation: 1, code: 1, signal: null, detail: "Error: bad -c", atMs: 5, random: 1 },
    ]);
    expect(state).toMatchObject({
      kind: "degraded",
      reason: "exited with code 1 before initialize was answered: Error: bad -c",
    });
  });
});

test.each(["memory", "recycle"] as const)("a child ended for %s is replaced at once", (reason) => {
  const killed = run([{ type: "condemned", generation: 7, reason, detail: "why" }], STATES.ready);
  const after = step(killed, { type: "exited", ...AT, code: 0, signal: null, detail: "" }, TIMINGS);
  expect(after.state).toMatchObject({ kind: "starting", generation: 8 });
  expect(after.effects).toEqual([
    { type: "reportExit", generation: 7, pid: 42, reason },
    { type: "spawn", generation: 8 },
  ]);
});
