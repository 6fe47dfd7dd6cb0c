import assert from "node:assert/strict";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  INITIAL_STATE,
  type MachineEffect,
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

/** What may happen to the world next; the generation is the current one or, now and then, an older one. */
const happening = fc.record({
  what: fc.constantFrom(
    "start",
    "spawned",
    "spawnFailed",
    "initialized",
    "condemned",
    "exited",
    "retryDue",
    "retryNow",
    "stop",
  ),
  stale: fc.integer({ min: 0, max: 5 }).map((n) => (n === 0 ? 1 : 0)),
  passMs: fc.integer({ min: 0, max: 40_000 }),
  code: fc.option(fc.constantFrom(0, 1, 101)),
  reason: fc.constantFrom("crash", "config", "hung", "memory", "oversize", "recycle"),
  fault: fc.constantFrom("config", "system"),
  random: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
});
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

function toEvent(h: Happening, state: MachineState, atMs: number): MachineEvent {
  const generation = state.generation - h.stale;
  const common = { generation, atMs, random: h.random, detail: "d" };
  switch (h.what) {
    case "spawned":
      return { type: "spawned", generation, pid: 1_000 + generation };
    case "spawnFailed":
      return { type: "spawnFailed", ...common, fault: h.fault as "config" | "system" };
    case "initialized":
      return { type: "initialized", generation, version: "1", atMs };
    case "condemned":
      return { type: "condemned", generation, reason: h.reason as "hung", detail: "d" };
    case "exited":
      return { type: "exited", ...common, code: h.code, signal: h.code === null ? "SIGKILL" : null };
    case "retryDue":
      return { type: "retryDue", generation };
    default:
      return { type: h.what as "start" | "retryNow" | "stop" };
  }
}

/** What must hold after every step; anything else throws. */
class Ledger {
  readonly #spawned = new Set<number>();
  readonly #reported = new Set<number>();
  #timerSet = false;

  check(before: MachineState, after: MachineState, effects: readonly MachineEffect[]): void {
    for (const effect of effects) this.#book(effect);
    const grown = after.generation - before.generation;
    assert.ok(grown === 0 || grown === 1, "a generation is never skipped or given back");
    const waiting = after.kind === "backoff" || after.kind === "degraded";
    assert.equal(this.#timerSet, waiting, "a timer runs exactly while waiting");
    if (waiting) assert.ok(after.retryInMs >= 250 && after.retryInMs <= 30_000, `waits ${after.retryInMs} ms`);
    assert.ok(after.deaths.length <= 5);
    if (after === before) assert.deepEqual(effects, [], "no change, no effect");
    else assert.ok(effects.length > 0 || after.kind === "stopping");
  }

  #book(effect: MachineEffect): void {
    if (effect.type === "spawn") {
      assert.ok(!this.#spawned.has(effect.generation), "spawned twice");
      this.#spawned.add(effect.generation);
      this.#timerSet = false;
    }
    if (effect.type === "scheduleRetry") this.#timerSet = true;
    if (effect.type === "cancelRetry") this.#timerSet = false;
    if (effect.type === "reportExit") {
      assert.ok(this.#spawned.has(effect.generation), "an exit of what was never spawned");
      assert.ok(!this.#reported.has(effect.generation), "an exit reported twice");
      this.#reported.add(effect.generation);
    }
  }
}

test("no sequence of events spawns twice for a generation, reports an exit twice, or waits without a timer", () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 120 }), (happenings) => {
      const ledger = new Ledger();
      let state = INITIAL_STATE;
      let atMs = 0;
      for (const one of happenings) {
        atMs += one.passMs;
        const after = step(state, toEvent(one, state, atMs), TIMINGS);
        ledger.check(state, after.state, after.effects);
        state = after.state;
      }
    }),
    { numRuns: 3_000 },
  );
});

test("from any state a stop, and then whatever the child does, leads to stopped", () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
      let state = INITIAL_STATE;
      for (const one of happenings) state = step(state, toEvent(one, state, 0), TIMINGS).state;
      state = step(state, { type: "stop" }, TIMINGS).state;
      const { generation } = state;
      state = step(state, { type: "spawned", generation, pid: 9 }, TIMINGS).state;
      const exited = { type: "exited", generation, code: 0, signal: null, detail: "", atMs: 0, random: 0 } as const;
      expect(step(state, exited, TIMINGS).state.kind).toBe("stopped");
    }),
    { numRuns: 1_000 },
  );
});

test("a child that dies at once, for ever, is started at most 12 times in two minutes", () => {
  fc.assert(
    fc.property(fc.boolean(), fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (getsReady, random) => {
      let state: MachineState = step(INITIAL_STATE, { type: "start" }, TIMINGS).state;
      let spawns = 1;
      for (let atMs = 0; atMs < 120_000;) {
        const { generation } = state;
        const lives: MachineEvent[] = [
          { type: "spawned", generation, pid: generation },
          ...(getsReady ? [{ type: "initialized" as const, generation, version: "1", atMs }] : []),
          { type: "exited", generation, code: null, signal: "SIGSEGV", detail: "", atMs, random },
        ];
        for (const event of lives) state = step(state, event, TIMINGS).state;
        atMs += state.kind === "backoff" || state.kind === "degraded" ? state.retryInMs : 0;
        if (atMs >= 120_000) break;
        state = step(state, { type: "retryDue", generation }, TIMINGS).state;
        spawns += 1;
      }
      expect(spawns).toBeLessThanOrEqual(12);
    }),
  );
});
