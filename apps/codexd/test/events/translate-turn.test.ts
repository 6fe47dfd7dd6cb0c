import { describe, expect, test } from "vitest";
import { translate } from "../../src/events/translate.ts";
import type { NewEvent } from "../../src/journal/journal.ts";
import { accepted, created, event, forwarding, itemStarted, RUNNING } from "../support/records.ts";
import { contextAfter } from "../support/translate.ts";

const IDS = { sessionId: "ses_1", turnId: "turn_1" };
const turnStarted = (id = "ctx_1", threadId = "thr_1") => ({
  method: "turn/started",
  params: { threadId, turn: { id, status: "inProgress", items: [] } },
});
const turnCompleted = (status: string, error: unknown = null, id = "ctx_1") => ({
  method: "turn/completed",
  params: {
    threadId: "thr_1",
    turn: { id, status, items: [], itemsView: "summary", error, startedAt: 1, completedAt: 2 },
  },
});

describe("turn/started", () => {
  test("before the reply: it is the turn that is being forwarded", () => {
    const context = contextAfter([created(), accepted(), forwarding()]);
    expect(translate(turnStarted("ctx_9"), context)).toEqual([
      { type: "turn.started", ...IDS, data: { codexTurnId: "ctx_9" } },
    ]);
  });

  test("after the reply: nothing new", () => {
    expect(translate(turnStarted("ctx_1"), contextAfter(RUNNING))).toEqual([]);
  });

  test("a turn nobody asked for becomes one of Codex's own, and the session is busy", () => {
    const context = contextAfter([created()]);
    const events = translate(turnStarted("ctx_5"), context);
    expect(events).toEqual([
      { type: "turn.accepted", sessionId: "ses_1", turnId: "turn_new1", data: { origin: "codex" } },
      { type: "turn.started", sessionId: "ses_1", turnId: "turn_new1", data: { codexTurnId: "ctx_5" } },
    ]);
    context.apply(events);
    const view = context.registries.sessionView(context.registries.sessions.get("ses_1")!);
    expect(view).toMatchObject({ state: "running", activeTurnId: "turn_new1" });
  });

  test("a turn that is only accepted is not it: it was not sent yet", () => {
    const events = translate(turnStarted("ctx_5"), contextAfter([created(), accepted()]));
    expect(events.map((each) => each.turnId)).toEqual(["turn_new1", "turn_new1"]);
  });

  test("a forwarding turn of another session is not it", () => {
    const other = { sessionId: "ses_2", turnId: "turn_2" };
    const context = contextAfter([
      created(),
      created({ id: "ses_2", threadId: "thr_2" }),
      accepted(other),
      forwarding(other),
    ]);
    expect(translate(turnStarted("ctx_5", "thr_1"), context).map((each) => each.turnId)).toEqual([
      "turn_new1",
      "turn_new1",
    ]);
  });

  test("a thread that is not ours passes through verbatim", () => {
    const notification = turnStarted("ctx_5", "thr_foreign");
    expect(translate(notification, contextAfter(RUNNING))).toEqual([
      { type: "codex.notification", data: { method: "turn/started", params: notification.params } },
    ]);
  });
});

describe("turn/completed", () => {
  test("completed", () => {
    expect(translate(turnCompleted("completed"), contextAfter(RUNNING))).toEqual([
      { type: "turn.completed", ...IDS, data: {} },
    ]);
  });

  test("items left open are closed in the same batch, before the end", () => {
    const context = contextAfter([...RUNNING, itemStarted("i1"), itemStarted("i2", "commandExecution")]);
    expect(translate(turnCompleted("completed"), context)).toEqual([
      { type: "item.discarded", ...IDS, data: { itemId: "i1", reason: "ended" } },
      { type: "item.discarded", ...IDS, data: { itemId: "i2", reason: "ended" } },
      { type: "turn.completed", ...IDS, data: {} },
    ]);
  });

  test("interrupted: by our own wish with its reason, else by Codex", () => {
    const wished = contextAfter([...RUNNING, event("turn.interruptRequested", { reason: "idle_timeout" })]);
    expect(translate(turnCompleted("interrupted"), wished)).toEqual([
      { type: "turn.interrupted", ...IDS, data: { reason: "idle_timeout" } },
    ]);
    expect(translate(turnCompleted("interrupted"), contextAfter(RUNNING))).toEqual([
      { type: "turn.interrupted", ...IDS, data: { reason: "codex" } },
    ]);
  });

  test("failed: Codex's error in our terms", () => {
    const error = {
      message: "exceeded retry limit, last status: 429",
      codexErrorInfo: { responseTooManyFailedAttempts: { httpStatusCode: 429 } },
      additionalDetails: null,
    };
    expect(translate(turnCompleted("failed", error), contextAfter(RUNNING))).toEqual([
      {
        type: "turn.failed",
        ...IDS,
        data: {
          error: {
            code: "response_too_many_failed_attempts",
            message: "exceeded retry limit, last status: 429",
            retryable: true,
          },
        },
      },
    ]);
  });

  test("a status that this release does not know is no success", () => {
    expect(translate(turnCompleted("vanished"), contextAfter(RUNNING))).toMatchObject([
      { type: "turn.failed", data: { error: { code: "codex_error" } } },
    ]);
  });

  test("once ended, a second end says nothing", () => {
    const ended: NewEvent[] = [...RUNNING, event("turn.lost", { reason: "no_child" })];
    expect(translate(turnCompleted("completed"), contextAfter(ended))).toEqual([]);
  });

  test("of a turn that is not known: verbatim, in its session", () => {
    const notification = turnCompleted("completed", null, "ctx_other");
    expect(translate(notification, contextAfter(RUNNING))).toEqual([
      {
        type: "codex.notification",
        sessionId: "ses_1",
        data: { method: "turn/completed", params: notification.params },
      },
    ]);
  });
});

const breakdown = (totalTokens: number) => ({
  totalTokens,
  inputTokens: totalTokens - 10,
  cachedInputTokens: 2,
  outputTokens: 10,
  reasoningOutputTokens: 1,
});
const tokenUsage = (total: number, last: number, turnId = "ctx_1") => ({
  method: "thread/tokenUsage/updated",
  params: {
    threadId: "thr_1",
    turnId,
    tokenUsage: { total: breakdown(total), last: breakdown(last), modelContextWindow: 1000 },
  },
});

describe("thread/tokenUsage/updated", () => {
  test("the turn's own part of the thread's totals, at most once a second, the rest at the end", () => {
    const context = contextAfter(RUNNING);
    const first = {
      totalTokens: 40,
      inputTokens: 30,
      cachedInputTokens: 2,
      outputTokens: 10,
      reasoningOutputTokens: 1,
    };
    expect(translate(tokenUsage(140, 40), context)).toEqual([
      { type: "usage.updated", ...IDS, data: { usage: first } },
    ]);
    context.clock.nowMs += 999;
    expect(translate(tokenUsage(150, 10), context)).toEqual([]);
    context.clock.nowMs += 1;
    expect(translate(tokenUsage(160, 10), context)).toMatchObject([
      { type: "usage.updated", data: { usage: { totalTokens: 60 } } },
    ]);
    context.clock.nowMs += 1;
    expect(translate(tokenUsage(165, 5), context)).toEqual([]);
    expect(translate(turnCompleted("completed"), context)).toMatchObject([
      { type: "turn.completed", data: { usage: { totalTokens: 65 } } },
    ]);
  });

  test("of a turn that has ended or is not known: verbatim", () => {
    const ended = contextAfter([...RUNNING, event("turn.completed")]);
    expect(translate(tokenUsage(1, 1), ended)).toMatchObject([{ type: "codex.notification", sessionId: "ses_1" }]);
    expect(translate(tokenUsage(1, 1, "ctx_9"), contextAfter(RUNNING))).toMatchObject([{ type: "codex.notification" }]);
  });
});

describe("the order of a turn as Codex sends it (0.169.0)", () => {
  const item = (method: string, more: Record<string, unknown>) => ({
    method,
    params: { threadId: "thr_1", turnId: "ctx_1", ...more },
  });
  const user = { id: "u1", type: "userMessage", clientId: "turn_1", content: [{ type: "text", text: "hello" }] };
  const agent = { id: "a1", type: "agentMessage", text: "" };
  test("becomes our events, one for one", () => {
    const context = contextAfter([created(), accepted(), forwarding()]);
    const lines = [
      turnStarted(),
      item("item/started", { item: user }),
      item("item/completed", { item: user }),
      item("item/started", { item: agent }),
      item("item/agentMessage/delta", { itemId: "a1", delta: "Hi" }),
      item("item/completed", { item: { ...agent, text: "Hi" } }),
      tokenUsage(50, 50),
      turnCompleted("completed"),
    ];
    const types = lines.flatMap((line) => {
      const events = translate(line, context);
      context.apply(events);
      return events.map(({ type }) => type);
    });
    expect(types).toEqual([
      "turn.started",
      "item.started",
      "item.completed",
      "item.started",
      "item.delta",
      "item.completed",
      "usage.updated",
      "turn.completed",
    ]);
    expect(context.registries.turns.get("turn_1")).toMatchObject({
      state: "completed",
      codexTurnId: "ctx_1",
      usage: { totalTokens: 50 },
    });
  });
});
