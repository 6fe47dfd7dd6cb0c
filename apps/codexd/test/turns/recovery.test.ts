import { describe, expect, test } from "vitest";
import type { NewEvent } from "../../src/journal/journal.ts";
import { Forwarder } from "../../src/turns/forwarder.ts";
import { Reconciler } from "../../src/turns/reconciler.ts";
import { Recovery } from "../../src/turns/recovery.ts";
import { FakeChild } from "../support/fake-child.ts";
import { toCodexInput } from "../support/input.ts";
import { openJournal, type OpenJournal } from "../support/journal.ts";
import { fakeLogger } from "../support/logger.ts";
import { accepted, created, event, forwarding, RUNNING, started } from "../support/records.ts";

const setUp = async (events: readonly NewEvent[]) => {
  const opened = await openJournal({ events });
  const child = new FakeChild().answerThreads().answer("turn/start", () => ({ turn: { id: "ctx_new" } }));
  child.generation = 1;
  const { logger, lines } = fakeLogger();
  const reconciler = new Reconciler(child.port, opened.journal, logger);
  const forwarder = new Forwarder({
    child: child.port,
    journal: opened.journal,
    logger,
    toCodexInput,
    whenFree: async () => undefined,
    onUncertain: () => undefined,
  });
  const recovery = new Recovery({ child: child.port, journal: opened.journal, forwarder, reconciler, logger });
  return { ...opened, child, lines, recovery };
};
const interruptedThere = (child: FakeChild, id = "ctx_1"): void => {
  child.answer("thread/turns/list", () => ({ data: [{ id, status: "interrupted", items: [] }] }));
};
/** Resolves when an event of this type was folded. */
const folded = ({ journal }: OpenJournal, type: string): Promise<void> =>
  new Promise((resolve) => journal.onEvent((each) => void (each.type === type && resolve())));

describe("when a child is ready", () => {
  test("a turn of an earlier process is settled, never sent again", async () => {
    const opened = await setUp(RUNNING);
    interruptedThere(opened.child);
    const ended = folded(opened, "turn.interrupted");
    opened.child.becomeReady(1);
    await ended;
    expect(opened.registries.turns.get("turn_1")).toMatchObject({ state: "interrupted", reason: "child_exited" });
    expect(opened.child.methods()).toEqual(["thread/turns/list"]);
  });

  test("a turn of the former child likewise", async () => {
    const opened = await setUp([created(), accepted()]);
    await opened.journal.appendVisible([forwarding(), started()]);
    interruptedThere(opened.child);
    const ended = folded(opened, "turn.interrupted");
    opened.child.becomeReady(2);
    await ended;
    expect(opened.child.methods()).toEqual(["thread/turns/list"]);
  });

  test("a turn of this very child is left alone", async () => {
    const { child, journal, registries } = await setUp([created(), accepted()]);
    await journal.appendVisible([forwarding(), started()]);
    child.becomeReady(1);
    expect(child.sent).toEqual([]);
    expect(registries.turns.get("turn_1")?.state).toBe("running");
  });

  test("what was accepted and not forwarded goes out now: 202 is a promise", async () => {
    const opened = await setUp([created(), accepted()]);
    const begun = folded(opened, "turn.started");
    opened.child.becomeReady(1);
    await begun;
    expect(opened.child.methods()).toEqual(["thread/resume", "turn/start"]);
  });

  test("the former ones are settled first, then the waiting ones go out", async () => {
    const two = { sessionId: "ses_2", turnId: "turn_2" };
    const opened = await setUp([...RUNNING, created({ id: "ses_2", threadId: "thr_2" }), accepted(two)]);
    const list = opened.child.hold("thread/turns/list");
    opened.child.becomeReady(1);
    await opened.child.asked("thread/turns/list");
    expect(opened.child.methods()).toEqual(["thread/turns/list"]);
    const begun = folded(opened, "turn.started");
    list.resolve({ data: [] });
    await begun;
    expect(opened.registries.turns.get("turn_1")?.state).toBe("lost");
    expect(opened.registries.turns.get("turn_2")?.state).toBe("running");
  });

  test("that child is gone again meanwhile: nothing goes out, the next one begins anew", async () => {
    const two = { sessionId: "ses_2", turnId: "turn_2" };
    const opened = await setUp([...RUNNING, created({ id: "ses_2", threadId: "thr_2" }), accepted(two)]);
    const list = opened.child.hold("thread/turns/list");
    opened.child.becomeReady(1);
    await opened.child.asked("thread/turns/list");
    opened.child.generation = 2;
    const ended = folded(opened, "turn.lost");
    list.resolve({ data: [] });
    await ended;
    await opened.journal.settled();
    expect(opened.registries.turns.get("turn_2")?.state).toBe("accepted");
    opened.child.answer("thread/turns/list", () => ({ data: [] }));
    const begun = folded(opened, "turn.started");
    opened.child.becomeReady(2);
    await begun;
    expect(opened.registries.turns.get("turn_2")?.state).toBe("running");
  });

  test("ready again and again: one end, one start", async () => {
    const opened = await setUp([
      ...RUNNING,
      created({ id: "ses_2", threadId: "thr_2" }),
      accepted({ sessionId: "ses_2", turnId: "turn_2" }),
    ]);
    interruptedThere(opened.child);
    const begun = folded(opened, "turn.started");
    for (let times = 0; times < 3; times += 1) opened.child.becomeReady(1);
    await begun;
    await opened.journal.settled();
    expect((await opened.types(6)).toSorted()).toEqual(["turn.forwarding", "turn.interrupted", "turn.started"]);
    expect(opened.child.methods().filter((method) => method === "turn/start")).toHaveLength(1);
  });

  test("queued turns are left to their queue", async () => {
    const two = { sessionId: "ses_2", turnId: "turn_2" };
    const opened = await setUp([
      created(),
      accepted({}, { queued: true }),
      created({ id: "ses_2", threadId: "thr_2" }),
      accepted(two),
    ]);
    const begun = folded(opened, "turn.started");
    opened.child.becomeReady(1);
    await begun;
    expect(opened.child.sent.map(({ params }) => params["threadId"])).toEqual(["thr_2", "thr_2"]);
    expect(opened.registries.turns.get("turn_1")?.state).toBe("accepted");
  });

  test("turns that have ended are nobody's business", async () => {
    const { child } = await setUp([...RUNNING, event("turn.completed")]);
    child.becomeReady(1);
    expect(child.sent).toEqual([]);
  });
});
