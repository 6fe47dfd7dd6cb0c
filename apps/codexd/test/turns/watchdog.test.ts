import { describe, expect, onTestFinished, test } from "vitest";
import type { NewEvent } from "../../src/journal/journal.ts";
import { Journal } from "../../src/journal/journal.ts";
import type { TurnRecord } from "../../src/registry/records.ts";
import { Registries } from "../../src/registry/registries.ts";
import { Watchdog } from "../../src/turns/watchdog.ts";
import { FakeChild } from "../support/fake-child.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeLog } from "../support/fake-log.ts";
import { AT } from "../support/journal.ts";
import { accepted, created, delta, event, forwarding, RUNNING, started } from "../support/records.ts";

const LIMITS = { idleTimeoutMs: 1000, noChildMs: 200, acceptedMsMax: 5000, logBytesMax: 100 };

const setUp = (events: readonly NewEvent[] = RUNNING) => {
  const log = new FakeLog();
  const registries = new Registries();
  const journal = new Journal({ log: log.port, registries, now: () => AT });
  const child = new FakeChild();
  const clock = new FakeClock();
  const interrupts: [string, string][] = [];
  const errors: unknown[] = [];
  const inHand = new Set<string>();
  const interrupt = async (turn: TurnRecord, reason: string): Promise<void> => {
    interrupts.push([turn.id, reason]);
    journal.append([event("turn.interruptRequested", { reason }, { turnId: turn.id })]);
  };
  const options = {
    journal,
    child: child.port,
    clock,
    limits: LIMITS,
    isWaiting: (turn: TurnRecord) => turn.queued === true && !inHand.has(turn.id),
    interrupt,
    onError: (error: unknown) => errors.push(error),
    intervalMs: 3_600_000,
  };
  const watchdog = new Watchdog(options);
  watchdog.start();
  onTestFinished(() => watchdog.stop());
  journal.append(events);
  const after = (ms: number): void => {
    clock.advance(ms);
    watchdog.sweep();
  };
  return { log, registries, journal, child, clock, interrupts, errors, inHand, watchdog, after, options };
};

describe("the sweep", () => {
  test("interrupts an idle turn once; any event of the turn is progress", () => {
    const { journal, interrupts, after } = setUp();
    after(999);
    journal.append([delta("a1", "x")]);
    after(999);
    expect(interrupts).toEqual([]);
    after(1);
    after(5000);
    expect(interrupts).toEqual([["turn_1", "idle_timeout"]]);
  });

  test("counts from the first sweep for turns found at boot", () => {
    const { journal, options, clock } = setUp([]);
    const interrupts: string[] = [];
    journal.append(RUNNING);
    clock.advance(100_000);
    const watchdog = new Watchdog({ ...options, interrupt: async (turn) => interrupts.push(turn.id) });
    watchdog.sweep();
    clock.advance(999);
    watchdog.sweep();
    expect(interrupts).toEqual([]);
    clock.advance(1);
    watchdog.sweep();
    expect(interrupts).toEqual(["turn_1"]);
  });

  test("ends what no child comes for, once", () => {
    const { log, child, after, registries } = setUp();
    child.notReadyMs = 200;
    after(1);
    after(1);
    expect(registries.turns.get("turn_1")).toMatchObject({ state: "lost", reason: "no_child" });
    expect(log.types().filter((type) => type === "turn.lost")).toHaveLength(1);
  });

  test("gives back what could not be forwarded", () => {
    const { after, registries } = setUp([created(), accepted()]);
    after(4999);
    expect(registries.turns.get("turn_1")?.state).toBe("accepted");
    after(1);
    expect(registries.turns.get("turn_1")).toMatchObject({
      state: "failed",
      error: { code: "not_started", retryable: true },
    });
  });

  test("a log of twice its window interrupts the oldest open turn only (E6)", () => {
    const second = { turnId: "turn_2", sessionId: "ses_2" };
    const { log, interrupts, after } = setUp([
      ...RUNNING,
      accepted(second),
      forwarding(second),
      started("ctx_2", second),
    ]);
    log.size = 99;
    after(1);
    expect(interrupts).toEqual([]);
    log.size = 100;
    after(1);
    after(1);
    expect(interrupts).toEqual([["turn_1", "log_full"]]);
  });

  test("an interrupt that fails is told, and tried again at the next sweep", async () => {
    const { options, clock, errors, watchdog } = setUp();
    watchdog.stop();
    let tries = 0;
    const failing = new Watchdog({
      ...options,
      interrupt: async () => {
        tries += 1;
        throw new Error("no");
      },
    });
    failing.sweep();
    clock.advance(1000);
    failing.sweep();
    failing.sweep();
    await Promise.resolve();
    expect(tries).toBe(2);
    expect(errors).toHaveLength(2);
  });
});

describe("a queued turn", () => {
  const QUEUED = { turnId: "turn_2" };
  const waiting = (data: Record<string, unknown> = {}): NewEvent => accepted(QUEUED, { queued: true, ...data });

  test("waits as long as it must", () => {
    const { after, registries } = setUp([...RUNNING, waiting()]);
    for (let i = 0; i < 100; i += 1) after(900);
    expect(registries.turns.get("turn_2")).toMatchObject({ state: "accepted", queued: true });
  });

  test("its time begins when its turn comes", () => {
    const { journal, interrupts, after, clock } = setUp([...RUNNING, waiting({ timeoutMs: 500 })]);
    after(5000);
    journal.append([event("turn.completed")]);
    clock.advance(400);
    journal.append([forwarding(QUEUED), started("ctx_2", QUEUED)]);
    after(499);
    expect(interrupts).toEqual([["turn_1", "idle_timeout"]]);
    after(1);
    expect(interrupts.at(-1)).toEqual(["turn_2", "timeout"]);
  });

  test("and not with its acceptance, though nobody looked meanwhile", () => {
    const { journal, interrupts, after, clock } = setUp([...RUNNING, waiting({ timeoutMs: 500 })]);
    clock.advance(400);
    journal.append([event("turn.completed"), forwarding(QUEUED), started("ctx_2", QUEUED)]);
    after(499);
    expect(interrupts).toEqual([]);
    after(1);
    expect(interrupts).toEqual([["turn_2", "timeout"]]);
  });

  test("begins anew when it went back to the queue in between", () => {
    const { inHand, after, registries } = setUp([created(), waiting()]);
    inHand.add("turn_2");
    after(1);
    after(4999);
    inHand.delete("turn_2");
    after(1);
    inHand.add("turn_2");
    after(1);
    after(4999);
    expect(registries.turns.get("turn_2")?.state).toBe("accepted");
  });

  test("is given back when it is on its way for too long", () => {
    const { inHand, after, registries } = setUp([created(), waiting()]);
    after(100_000);
    inHand.add("turn_2");
    after(1);
    after(4999);
    expect(registries.turns.get("turn_2")?.state).toBe("accepted");
    after(1);
    expect(registries.turns.get("turn_2")).toMatchObject({ state: "failed", error: { code: "not_started" } });
  });

  test("that keeps a full log from shrinking is interrupted (E6)", () => {
    const { log, interrupts, after } = setUp([created(), waiting(), ...RUNNING.slice(1)]);
    log.size = 100;
    after(1);
    expect(interrupts).toEqual([["turn_2", "log_full"]]);
  });
});

describe("time on a full disk is not counted", () => {
  test("against idleness", () => {
    const { log, interrupts, after } = setUp();
    after(900);
    log.state = "full";
    after(100_000);
    log.state = "ok";
    after(999);
    expect(interrupts).toEqual([]);
    after(1);
    expect(interrupts).toHaveLength(1);
  });

  test("against the turn's own timeout", () => {
    const { log, interrupts, after } = setUp([created(), accepted({}, { timeoutMs: 500 }), ...RUNNING.slice(2)]);
    after(300);
    log.state = "full";
    after(50_000);
    after(50_000);
    log.state = "ok";
    after(199);
    expect(interrupts).toEqual([]);
    after(1);
    expect(interrupts).toEqual([["turn_1", "timeout"]]);
  });

  test("against a turn that waits to be forwarded", () => {
    const { log, after, registries } = setUp([created(), accepted()]);
    after(1);
    log.state = "full";
    after(600_000);
    log.state = "ok";
    after(1);
    expect(registries.turns.get("turn_1")?.state).toBe("accepted");
  });

  test("nothing is decided while it lasts", () => {
    const { log, child, after, registries } = setUp();
    log.state = "full";
    child.notReadyMs = 1_000_000;
    after(1);
    expect(registries.turns.get("turn_1")?.state).toBe("running");
  });
});
