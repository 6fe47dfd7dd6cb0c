import { ChildUnavailableError, RpcError } from "@baa/codex-app-server";
import { describe, expect, onTestFinished, test } from "vitest";
import type { NewEvent } from "../../src/journal/journal.ts";
import { Interrupter } from "../../src/turns/interrupter.ts";
import { Reconciler } from "../../src/turns/reconciler.ts";
import { FakeChild } from "../support/fake-child.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { openJournal } from "../support/journal.ts";
import { fakeLogger } from "../support/logger.ts";
import { accepted, created, event, forwarding, itemStarted, RUNNING, started } from "../support/records.ts";

const CLEAN = "thread/backgroundTerminals/clean";
const REQUESTED = event("turn.interruptRequested", { reason: "requested" });

const setUp = async (events: readonly NewEvent[]) => {
  const opened = await openJournal({ events });
  const child = new FakeChild();
  for (const method of ["turn/interrupt", CLEAN, "thread/archive", "thread/unarchive"])
    child.answer(method, () => ({}));
  child.markLoaded("thr_1", true);
  const { logger } = fakeLogger();
  const clock = new FakeClock();
  const reconciler = new Reconciler(child.port, opened.journal, logger);
  const interrupter = new Interrupter({
    child: child.port,
    journal: opened.journal,
    reconciler,
    clock,
    logger,
    deadlineMs: 10_000,
  });
  onTestFinished(() => interrupter.stop());
  const turn = () => opened.registries.turns.get("turn_1");
  const listedAs = (status: string): void =>
    void child.answer("thread/turns/list", () => ({ data: [{ id: "ctx_1", status, items: [] }] }));
  return { ...opened, child, clock, interrupter, turn, listedAs };
};

describe("a recorded interrupt", () => {
  test("of a running turn reaches the child at once; commands left running are ended after the turn's end", async () => {
    const { journal, child, turn } = await setUp(RUNNING);
    const interrupt = child.hold("turn/interrupt");
    journal.append([REQUESTED]);
    expect(await child.asked("turn/interrupt")).toEqual({
      method: "turn/interrupt",
      params: { threadId: "thr_1", turnId: "ctx_1" },
    });
    journal.append([event("turn.interrupted", { reason: "requested" })]);
    interrupt.resolve({});
    expect(await child.asked(CLEAN)).toEqual({ method: CLEAN, params: { threadId: "thr_1" } });
    expect(child.methods()).toEqual(["turn/interrupt", CLEAN]);
    expect(turn()?.state).toBe("interrupted");
  });

  test("of a turn that Codex has not named yet waits for its name", async () => {
    const { journal, child, listedAs } = await setUp([created(), accepted(), forwarding()]);
    listedAs("interrupted");
    journal.append([REQUESTED]);
    expect(child.sent).toEqual([]);
    journal.append([started()]);
    await child.asked("turn/interrupt");
  });

  test("of a turn that has ended reaches nobody", async () => {
    const { journal, child } = await setUp([created(), accepted()]);
    journal.append([REQUESTED, event("turn.interrupted", { reason: "requested" })]);
    expect(child.sent).toEqual([]);
  });

  test("is sent once, however much the turn still says", async () => {
    const { journal, child } = await setUp(RUNNING);
    const interrupt = child.hold("turn/interrupt");
    journal.append([REQUESTED]);
    journal.append([itemStarted("a1"), REQUESTED]);
    await child.asked("turn/interrupt");
    journal.append([event("turn.interrupted")]);
    interrupt.resolve({});
    await child.asked(CLEAN);
    expect(child.methods().filter((method) => method === "turn/interrupt")).toHaveLength(1);
  });

  test("that the child refuses (the turn ended that very moment) ends by the turn's own end", async () => {
    const { journal, child, turn } = await setUp(RUNNING);
    child.answer("turn/interrupt", () => {
      journal.append([event("turn.completed")]);
      throw new RpcError({ code: -32600, message: "no active turn" });
    });
    journal.append([REQUESTED]);
    await child.asked(CLEAN);
    expect(turn()?.state).toBe("completed");
  });
});

describe("no end comes within the deadline (I6)", () => {
  test("Codex's history knows the end: told from there", async () => {
    const { journal, child, turn, listedAs, clock } = await setUp(RUNNING);
    listedAs("interrupted");
    const beganMs = clock.nowMs;
    journal.append([REQUESTED]);
    await child.asked(CLEAN);
    expect(turn()).toMatchObject({ state: "interrupted", reason: "requested" });
    expect(child.methods()).toEqual(["turn/interrupt", "thread/turns/list", CLEAN]);
    expect(clock.nowMs - beganMs).toBeGreaterThanOrEqual(10_000);
    expect(clock.nowMs - beganMs).toBeLessThan(10_100);
  });

  test("Codex says it is still in progress: stalled, and that thread alone is unloaded", async () => {
    const { journal, child, turn, listedAs, types } = await setUp([...RUNNING, itemStarted("a1")]);
    listedAs("inProgress");
    child.markLoaded("thr_2", true);
    journal.append([REQUESTED]);
    await child.asked(CLEAN);
    expect(turn()).toMatchObject({ state: "failed", error: { code: "stalled", retryable: true } });
    expect(child.methods()).toEqual([
      "turn/interrupt",
      "thread/turns/list",
      "thread/archive",
      "thread/unarchive",
      CLEAN,
    ]);
    expect([child.isLoaded("thr_1"), child.isLoaded("thr_2")]).toEqual([false, true]);
    expect(await types(5)).toEqual(["turn.interruptRequested", "item.discarded", "turn.failed"]);
  });

  test("the thread cannot be unloaded: the turn has ended all the same", async () => {
    const { journal, child, turn, listedAs } = await setUp(RUNNING);
    listedAs("inProgress");
    child.answer("thread/archive", () => {
      throw new RpcError({ code: -32603, message: "no" });
    });
    journal.append([REQUESTED]);
    await child.asked(CLEAN);
    expect(turn()?.error?.code).toBe("stalled");
  });

  test("the child is not ready: left to what settles turns at the next ready one", async () => {
    const { journal, child, turn, clock } = await setUp(RUNNING);
    const ended = new Promise<void>((resolve) => {
      const sleep = clock.sleep.bind(clock);
      clock.sleep = async (...args) => {
        await sleep(...args);
        if (clock.nowMs >= 1_010_000) setImmediate(resolve);
      };
    });
    child.isReady = false;
    child.answer("turn/interrupt", () => {
      throw new ChildUnavailableError("gone", { sent: false });
    });
    journal.append([REQUESTED]);
    await ended;
    expect(turn()?.state).toBe("running");
    expect(child.methods()).toEqual(["turn/interrupt"]);
  });

  test("the interrupt is never answered: the deadline holds all the same", async () => {
    const { journal, child, turn, listedAs, clock } = await setUp(RUNNING);
    child.hold("turn/interrupt");
    listedAs("inProgress");
    const beganMs = clock.nowMs;
    journal.append([REQUESTED]);
    await child.asked(CLEAN);
    expect(turn()?.error?.code).toBe("stalled");
    expect(clock.nowMs - beganMs).toBeLessThan(10_100);
  });

  test("Codex never named the turn: found in its history, then interrupted", async () => {
    const { journal, child, turn, clock } = await setUp([created(), accepted(), forwarding()]);
    const items = [{ type: "userMessage", id: "u1", clientId: "turn_1" }];
    child.answer("thread/turns/list", () => ({ data: [{ id: "ctx_1", status: "inProgress", items }] }));
    child.answer("turn/interrupt", () => {
      journal.append([event("turn.interrupted", { reason: "requested" })]);
      return {};
    });
    const beganMs = clock.nowMs;
    journal.append([REQUESTED]);
    await child.asked(CLEAN);
    expect(turn()).toMatchObject({ state: "interrupted", codexTurnId: "ctx_1" });
    expect(child.methods()).toEqual(["thread/turns/list", "turn/interrupt", CLEAN]);
    expect(clock.nowMs - beganMs).toBeLessThan(10_100);
  });

  test("the child died while the history was asked for: left to the next one", async () => {
    const { journal, child, turn } = await setUp(RUNNING);
    const listed = new Promise<void>((resolve) => {
      child.answer("thread/turns/list", () => {
        child.isReady = false;
        setImmediate(resolve);
        throw new ChildUnavailableError("gone", { sent: true });
      });
    });
    journal.append([REQUESTED]);
    await listed;
    expect(turn()?.state).toBe("running");
    expect(child.methods()).not.toContain("thread/archive");
  });

  test("another child came while the history was asked for: it is not called stalled", async () => {
    const { journal, child, turn } = await setUp(RUNNING);
    child.answer("thread/turns/list", () => {
      child.generation = 2;
      return { data: [{ id: "ctx_1", status: "inProgress", items: [] }] };
    });
    journal.append([REQUESTED]);
    await child.asked(CLEAN);
    expect(turn()?.state).toBe("running");
    expect(child.methods()).not.toContain("thread/archive");
  });
});

describe("whether a session is free for its next turn", () => {
  test("not before commands left running were ended: they would be the next turn's", async () => {
    const { journal, child, interrupter } = await setUp(RUNNING);
    const clean = child.hold(CLEAN);
    journal.append([REQUESTED, event("turn.interrupted", { reason: "requested" })]);
    const order: string[] = [];
    const free = interrupter.whenFree("ses_1").then(() => order.push("free"));
    await interrupter.whenFree("ses_2");
    await child.asked(CLEAN);
    order.push("cleaned");
    clean.resolve({});
    await free;
    expect(order).toEqual(["cleaned", "free"]);
  });

  test("not before a stalled turn's thread was unloaded", async () => {
    const { journal, child, interrupter, listedAs } = await setUp(RUNNING);
    listedAs("inProgress");
    journal.append([REQUESTED]);
    await interrupter.whenFree("ses_1");
    expect(child.methods().slice(2)).toEqual(["thread/archive", "thread/unarchive", CLEAN]);
  });

  test("at once where nothing is interrupted", async () => {
    const { interrupter } = await setUp(RUNNING);
    await interrupter.whenFree("ses_1");
  });
});

test("a stop ends the waiting and decides nothing", async () => {
  const { journal, child, interrupter, turn } = await setUp(RUNNING);
  child.answer("turn/interrupt", () => {
    interrupter.stop();
    return {};
  });
  journal.append([REQUESTED]);
  await child.asked("turn/interrupt");
  await new Promise((resolve) => setImmediate(resolve));
  expect(turn()?.state).toBe("running");
  expect(child.methods()).toEqual(["turn/interrupt"]);
});
