import { ChildUnavailableError } from "@baa/codex-app-server";
import { describe, expect, test } from "vitest";
import { endTurnEvents } from "../../src/events/turn-end.ts";
import type { NewEvent } from "../../src/journal/journal.ts";
import type { TurnRecord } from "../../src/registry/records.ts";
import { Forwarder } from "../../src/turns/forwarder.ts";
import { TurnQueue } from "../../src/turns/turn-queue.ts";
import { FakeChild } from "../support/fake-child.ts";
import { toCodexInput } from "../support/input.ts";
import { openJournal } from "../support/journal.ts";
import { fakeLogger } from "../support/logger.ts";
import { accepted, created, event, RUNNING, started } from "../support/records.ts";

const queued = (turnId: string, sessionId = "ses_1"): NewEvent => accepted({ turnId, sessionId }, { queued: true });
const session = (n: number): NewEvent => created({ id: `ses_${n}`, threadId: `thr_${n}` });

const setUp = async (events: readonly NewEvent[], turnsMax = 8) => {
  const opened = await openJournal({ events });
  const child = new FakeChild()
    .answerThreads()
    .answer("turn/start", ({ clientUserMessageId }) => ({ turn: { id: `ctx_of_${String(clientUserMessageId)}` } }));
  const { journal, registries } = opened;
  const forwarder = new Forwarder({
    child: child.port,
    journal,
    logger: fakeLogger().logger,
    toCodexInput,
    whenFree: async () => undefined,
    onUncertain: () => undefined,
  });
  const queue = new TurnQueue({ child: child.port, journal, forwarder, turnsMax });
  const turn = (id: string): TurnRecord => registries.turns.get(id)!;
  const end = (id: string, status: "completed" | "failed" | "interrupted" | "lost" = "completed"): void =>
    void journal.append(endTurnEvents(turn(id), { status }));
  /** Resolves when the turn runs. */
  const running = (id: string): Promise<void> =>
    new Promise((resolve) => {
      if (turn(id)?.state === "running") return resolve();
      journal.onEvent(() => void (turn(id)?.state === "running" && resolve()));
    });
  /** Everything that may happen by itself has happened. */
  const quiet = async (): Promise<void> => {
    await journal.settled();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const starts = (): unknown[] =>
    child.sent.filter(({ method }) => method === "turn/start").map(({ params }) => params["clientUserMessageId"]);
  return { ...opened, child, forwarder, queue, turn, end, running, quiet, starts };
};

describe("the turn of a queued turn comes", () => {
  const ends = ["completed", "failed", "interrupted", "lost"] as const;
  test.each(ends)("when the one before it ends as %s", async (status) => {
    const { end, running, quiet, starts, turn } = await setUp([...RUNNING, queued("turn_2")]);
    await quiet();
    expect(starts()).toEqual([]);
    end("turn_1", status);
    await running("turn_2");
    expect(starts()).toEqual(["turn_2"]);
    expect(turn("turn_2")).not.toHaveProperty("queued");
  });

  test("one at a time, in the order of acceptance", async () => {
    const { end, running, quiet, starts } = await setUp([...RUNNING, queued("turn_2"), queued("turn_3")]);
    end("turn_1");
    await running("turn_2");
    await quiet();
    expect(starts()).toEqual(["turn_2"]);
    end("turn_2");
    await running("turn_3");
    expect(starts()).toEqual(["turn_2", "turn_3"]);
  });

  test("past one that was cancelled", async () => {
    const { journal, turn, end, running, starts } = await setUp([...RUNNING, queued("turn_2"), queued("turn_3")]);
    journal.append(endTurnEvents(turn("turn_2"), { status: "interrupted", reason: "requested" }));
    end("turn_1");
    await running("turn_3");
    expect(starts()).toEqual(["turn_3"]);
  });

  test("past one that could not be forwarded", async () => {
    const { child, end, running, turn } = await setUp([...RUNNING, queued("turn_2"), queued("turn_3")]);
    let refused = false;
    child.answer("thread/resume", () => {
      if (refused)
        return {
          thread: { id: "thr_1" },
          cwd: "/home/u/project",
          approvalPolicy: "on-request",
          sandbox: { type: "readOnly" },
        };
      refused = true;
      throw new TypeError("broken");
    });
    end("turn_1");
    await running("turn_3");
    expect(turn("turn_2")).toMatchObject({ state: "failed", error: { code: "not_started", retryable: true } });
  });

  test("at once in a free session, when it waited for a slot only", async () => {
    const { journal, running } = await setUp([created()]);
    journal.append([queued("turn_2")]);
    await running("turn_2");
  });
});

describe("a turn that Codex began by itself holds the queue", () => {
  const own = { turnId: "turn_own" };
  const OWN = [accepted(own, { origin: "codex" }), started("ctx_own", own)];

  test("when it was there before", async () => {
    const { end, running, quiet, starts } = await setUp([created(), ...OWN, queued("turn_2")]);
    await quiet();
    expect(starts()).toEqual([]);
    end("turn_own");
    await running("turn_2");
  });

  test("when it comes as the queued one is on its way: that goes back, and waits", async () => {
    const { child, journal, queue, end, running, quiet, starts, turn } = await setUp([...RUNNING, queued("turn_2")]);
    const resume = child.hold("thread/resume");
    end("turn_1");
    await child.asked("thread/resume");
    expect(queue.isWaiting(turn("turn_2"))).toBe(false);
    journal.append(OWN);
    resume.resolve({
      thread: { id: "thr_1" },
      cwd: "/home/u/project",
      approvalPolicy: "on-request",
      sandbox: { type: "readOnly" },
    });
    await quiet();
    expect(starts()).toEqual([]);
    expect(queue.isWaiting(turn("turn_2"))).toBe(true);
    end("turn_own");
    await running("turn_2");
    expect(starts()).toEqual(["turn_2"]);
  });
});

describe("no more turns than allowed", () => {
  test("the one that was accepted first goes first, whatever its session", async () => {
    const { end, running, quiet, starts } = await setUp(
      [...RUNNING, session(2), session(3), queued("turn_3", "ses_3"), queued("turn_2", "ses_2")],
      1,
    );
    await quiet();
    expect(starts()).toEqual([]);
    end("turn_1");
    await running("turn_3");
    await quiet();
    expect(starts()).toEqual(["turn_3"]);
    end("turn_3");
    await running("turn_2");
  });

  test("one on its way takes a slot already", async () => {
    const { child, journal, queue } = await setUp([created(), session(2)], 1);
    child.hold("thread/resume");
    journal.append([queued("turn_1")]);
    await child.asked("thread/resume");
    expect(queue.hasSlot).toBe(false);
    expect(() => queue.assertSlot()).toThrow("1 turns are in progress.");
    journal.append([queued("turn_2", "ses_2")]);
    expect(child.methods()).toEqual(["thread/resume"]);
  });

  test("those that wait take none", async () => {
    const { queue } = await setUp([...RUNNING, queued("turn_2"), queued("turn_3")], 2);
    expect(queue.hasSlot).toBe(true);
  });
});

describe("without a child", () => {
  test("it waits; the next one that is ready gets it", async () => {
    const { child, end, running, quiet, starts, turn } = await setUp([...RUNNING, queued("turn_2")]);
    child.takesTurns = false;
    end("turn_1", "lost");
    await quiet();
    expect(starts()).toEqual([]);
    expect(turn("turn_2")).toMatchObject({ state: "accepted", queued: true });
    child.takesTurns = true;
    child.becomeReady(2);
    await running("turn_2");
  });

  test("that went away as it was on its way: it goes back, and out once", async () => {
    const { child, queue, end, running, quiet, starts, turn } = await setUp([...RUNNING, queued("turn_2")]);
    child.answer("thread/resume", () => {
      child.takesTurns = false;
      throw new ChildUnavailableError("gone", { sent: true });
    });
    end("turn_1");
    await quiet();
    expect(queue.isWaiting(turn("turn_2"))).toBe(true);
    child.answerThreads();
    child.takesTurns = true;
    child.becomeReady(2);
    await running("turn_2");
    await quiet();
    expect(starts()).toEqual(["turn_2"]);
  });
});

test("what was queued before a restart goes on when the child is ready", async () => {
  const { child, running, quiet, starts, end } = await setUp([
    ...RUNNING,
    queued("turn_2"),
    event("turn.completed"),
    queued("turn_3"),
  ]);
  await quiet();
  expect(starts()).toEqual([]);
  child.becomeReady(1);
  await running("turn_2");
  end("turn_2");
  await running("turn_3");
  expect(starts()).toEqual(["turn_2", "turn_3"]);
});

test("as many as allowed wait in one session; another one has its own queue", async () => {
  const many = Array.from({ length: 32 }, (_, i) => queued(`turn_q${i}`));
  const { queue } = await setUp([...RUNNING, ...many]);
  expect(() => queue.assertRoom("ses_1")).toThrow("32 turns wait in session ses_1.");
  expect(() => queue.assertRoom("ses_2")).not.toThrow();
});
