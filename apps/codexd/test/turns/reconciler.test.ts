import { ChildUnavailableError, RequestTimeoutError, RpcError } from "@baa/codex-app-server";
import { describe, expect, test } from "vitest";
import type { NewEvent } from "../../src/journal/journal.ts";
import { Reconciler } from "../../src/turns/reconciler.ts";
import { FakeChild } from "../support/fake-child.ts";
import { openJournal } from "../support/journal.ts";
import { fakeLogger } from "../support/logger.ts";
import {
  accepted,
  created,
  createdBare,
  delta,
  event,
  forwarding,
  itemCompleted,
  itemStarted,
  RUNNING,
  started,
} from "../support/records.ts";

const FORWARDING: readonly NewEvent[] = [created(), accepted(), forwarding()];

const user = (clientId: string) => ({ id: `u-${clientId}`, type: "userMessage", clientId, content: [] });
const agent = (id: string, text: string) => ({ id, type: "agentMessage", text });
const listed = (id: string, status: string, items: object[] = [], error: unknown = null) => ({
  id,
  status,
  items,
  error,
  itemsView: "full",
  // The second in which turn_1 was accepted.
  startedAt: 1_767_323_045,
});

const setUp = async (events: readonly NewEvent[], turns: unknown[] | (() => unknown)) => {
  const opened = await openJournal({ events });
  const child = new FakeChild().answer(
    "thread/turns/list",
    typeof turns === "function" ? turns : () => ({ data: turns, nextCursor: null }),
  );
  const { logger, lines } = fakeLogger();
  const reconciler = new Reconciler(child.port, opened.journal, logger);
  const turn = () => opened.registries.turns.get("turn_1");
  const settled = await reconciler.settle("turn_1");
  const after = (await opened.events()).slice(events.length);
  return { ...opened, child, reconciler, turn, settled, after, lines };
};
const told = (events: { type: string; data: unknown }[]) => events.map(({ type, data }) => [type, data]);

describe("which of Codex's turns is ours (I3)", () => {
  test("the one with the id that we know, whatever else is there", async () => {
    const { settled, turn, after } = await setUp(RUNNING, [
      listed("ctx_9", "failed", [user("turn_1")]),
      listed("ctx_1", "completed"),
    ]);
    expect(settled).toBe(true);
    expect(turn()?.state).toBe("completed");
    expect(told(after)).toEqual([["turn.completed", {}]]);
  });

  test("else the one whose prompt carries our id; its id is learnt on the way", async () => {
    const { turn, after } = await setUp(FORWARDING, [
      listed("ctx_8", "completed"),
      listed("ctx_7", "completed", [user("turn_1")]),
    ]);
    expect(turn()).toMatchObject({ state: "completed", codexTurnId: "ctx_7" });
    expect(told(after)[0]).toEqual(["turn.started", { codexTurnId: "ctx_7" }]);
  });

  test("not one that Codex began before ours was accepted: an adopted thread has turns of others", async () => {
    const older = { ...listed("ctx_old", "completed"), startedAt: 1_767_323_040 };
    const { turn } = await setUp(FORWARDING, [older]);
    expect(turn()).toMatchObject({ state: "lost", reason: "not_found" });
  });

  test("else the only one that our log does not know (a child killed at its acknowledgement keeps no prompt)", async () => {
    const old = { turnId: "turn_0" };
    const events = [
      created(),
      accepted(old),
      forwarding(old),
      started("ctx_0", old),
      event("turn.completed", {}, old),
      accepted(),
      forwarding(),
    ];
    const { turn } = await setUp(events, [listed("ctx_1", "interrupted"), listed("ctx_0", "completed")]);
    expect(turn()).toMatchObject({ state: "interrupted", codexTurnId: "ctx_1", reason: "child_exited" });
  });

  test("several that our log does not know: none of them can be said to be ours", async () => {
    const { turn, after } = await setUp(FORWARDING, [listed("ctx_1", "completed"), listed("ctx_2", "completed")]);
    expect(turn()).toMatchObject({ state: "lost", reason: "not_found" });
    expect(after).toHaveLength(1);
  });

  test("a known id that Codex does not list is lost; another turn never stands in for it", async () => {
    const { turn } = await setUp(RUNNING, [listed("ctx_2", "completed", [user("turn_1")])]);
    expect(turn()).toMatchObject({ state: "lost", reason: "not_found", codexTurnId: "ctx_1" });
  });

  test("nothing listed: lost", async () => {
    expect((await setUp(FORWARDING, [])).turn()).toMatchObject({ state: "lost", reason: "not_found" });
  });
});

describe("what became of it", () => {
  test("completed: items that never reached us are appended, then the end", async () => {
    const items = [
      user("turn_1"),
      agent("item-2", "first"),
      { id: "c1", type: "commandExecution", command: "ls" },
      agent("item-4", "last"),
    ];
    const events = [
      ...RUNNING,
      itemCompleted("u-turn_1", "userMessage"),
      itemStarted("msg_a"),
      itemCompleted("msg_a", "agentMessage", { text: "first" }),
    ];
    const { after, turn } = await setUp(events, [listed("ctx_1", "completed", items)]);
    expect(told(after)).toEqual([
      ["item.completed", { item: items[2] }],
      ["item.completed", { item: items[3] }],
      ["turn.completed", {}],
    ]);
    expect(turn()?.state).toBe("completed");
  });

  test("completed, half of the last message streamed: the message comes whole, the stream is closed", async () => {
    const events = [...RUNNING, itemStarted("a1"), delta("a1", "hal")];
    const { after } = await setUp(events, [listed("ctx_1", "completed", [agent("a1", "half and half")])]);
    expect(told(after).map(([type]) => type)).toEqual(["item.completed", "item.discarded", "turn.completed"]);
  });

  test("interrupted: by the death of the child, or by our own wish", async () => {
    const died = await setUp(RUNNING, [listed("ctx_1", "interrupted", [agent("x", "never told")])]);
    expect(told(died.after)).toEqual([["turn.interrupted", { reason: "child_exited" }]]);
    const wished = await setUp(
      [...RUNNING, event("turn.interruptRequested", { reason: "timeout" })],
      [listed("ctx_1", "interrupted")],
    );
    expect(told(wished.after)).toEqual([["turn.interrupted", { reason: "timeout" }]]);
  });

  test("failed: with Codex's error", async () => {
    const { after } = await setUp(RUNNING, [
      listed("ctx_1", "failed", [], { message: "too long", codexErrorInfo: "contextWindowExceeded" }),
    ]);
    expect(told(after)).toEqual([
      ["turn.failed", { error: { code: "context_window_exceeded", message: "too long", retryable: false } }],
    ]);
  });

  test("in progress: it stays open, and its id is learnt", async () => {
    const { settled, turn, after } = await setUp(FORWARDING, [listed("ctx_5", "inProgress", [user("turn_1")])]);
    expect(settled).toBe(false);
    expect(turn()).toMatchObject({ state: "running", codexTurnId: "ctx_5" });
    expect(told(after)).toEqual([["turn.started", { codexTurnId: "ctx_5" }]]);
  });

  test("in progress and known: nothing to tell", async () => {
    const { settled, after } = await setUp(RUNNING, [listed("ctx_1", "inProgress")]);
    expect(settled).toBe(false);
    expect(after).toEqual([]);
  });

  test("items left open are closed with the end", async () => {
    const { after } = await setUp([...RUNNING, itemStarted("a1")], [listed("ctx_1", "interrupted")]);
    expect(told(after)).toEqual([
      ["item.discarded", { itemId: "a1", reason: "ended" }],
      ["turn.interrupted", { reason: "child_exited" }],
    ]);
  });
});

describe("Codex cannot tell", () => {
  const NOT_STARTED = { state: "failed", error: { code: "not_started", retryable: true } };
  const unknown = [
    "no rollout found for thread id thr_1",
    "thread not found: thr_1",
    "thread thr_1 is not materialized yet",
    "thread not loaded: thr_1",
  ];
  test.each(unknown)("the thread is unknown (%s): it never began", async (message) => {
    const { turn } = await setUp(FORWARDING, () => {
      throw new RpcError({ code: -32600, message });
    });
    expect(turn()).toMatchObject(NOT_STARTED);
  });

  test("the thread is unknown, though words of it were seen: lost, since the model was asked", async () => {
    const { turn } = await setUp([...RUNNING, itemStarted("a1")], () => {
      throw new RpcError({ code: -32600, message: "no rollout found for thread id thr_1" });
    });
    expect(turn()).toMatchObject({ state: "lost", reason: "not_found" });
  });

  test("a session without a thread: it never began, and nobody is asked", async () => {
    const { turn, child } = await setUp([createdBare(), accepted(), forwarding()], []);
    expect(turn()).toMatchObject(NOT_STARTED);
    expect(child.sent).toEqual([]);
  });

  test("the child went away: still open, the next one is asked", async () => {
    const { settled, turn, after } = await setUp(RUNNING, () => {
      throw new ChildUnavailableError("gone", { sent: true });
    });
    expect(settled).toBe(false);
    expect(turn()?.state).toBe("running");
    expect(after).toEqual([]);
  });

  const unreadable: [string, () => unknown][] = [
    [
      "refused otherwise",
      () => {
        throw new RpcError({ code: -32603, message: "thread_history_1.sqlite is damaged" });
      },
    ],
    [
      "not answered",
      () => {
        throw new RequestTimeoutError({ method: "thread/turns/list", timeoutMs: 1, sent: true });
      },
    ],
    ["garbage", () => ({ data: [{ id: 7 }] })],
    ["no list", () => ({ data: null })],
  ];
  test.each(unreadable)("its history is %s: lost, by name, and logged", async (_what, answer) => {
    const { settled, turn, lines } = await setUp(RUNNING, answer);
    expect(settled).toBe(true);
    expect(turn()).toMatchObject({ state: "lost", reason: "not_found" });
    expect(lines).toEqual([{ level: "warn", event: "turn.reconcile.failed" }]);
  });
});

describe("exactly one end (E8)", () => {
  test("a turn that has ended, or is not there, is settled; nobody is asked", async () => {
    const { settled, child, after } = await setUp([...RUNNING, event("turn.completed")], []);
    expect(settled).toBe(true);
    expect(child.sent).toEqual([]);
    expect(after).toEqual([]);
    expect((await setUp([], [])).settled).toBe(true);
  });

  test("the end came while Codex was asked: it stands", async () => {
    const opened = await openJournal({ events: RUNNING });
    const child = new FakeChild();
    const list = child.hold("thread/turns/list");
    const settled = new Reconciler(child.port, opened.journal, fakeLogger().logger).settle("turn_1");
    await child.asked("thread/turns/list");
    opened.journal.append([event("turn.failed")]);
    list.resolve({ data: [listed("ctx_1", "completed")] });
    expect(await settled).toBe(true);
    expect(await opened.types(4)).toEqual(["turn.failed"]);
  });

  test("asked twice at once: one end", async () => {
    const opened = await openJournal({ events: RUNNING });
    const child = new FakeChild().answer("thread/turns/list", () => ({ data: [listed("ctx_1", "completed")] }));
    const reconciler = new Reconciler(child.port, opened.journal, fakeLogger().logger);
    expect(await Promise.all([reconciler.settle("turn_1"), reconciler.settle("turn_1")])).toEqual([true, true]);
    expect(await opened.types(4)).toEqual(["turn.completed"]);
  });

  test("the model is never asked for anything: only the history is read", async () => {
    const { child } = await setUp(FORWARDING, []);
    expect(child.sent).toEqual([
      { method: "thread/turns/list", params: { threadId: "thr_1", itemsView: "full", limit: 50 } },
    ]);
  });
});
