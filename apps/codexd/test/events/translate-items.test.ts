import { describe, expect, test } from "vitest";
import { COALESCED, translate } from "../../src/events/translate.ts";
import { event, itemCompleted, itemStarted, RUNNING } from "../support/records.ts";
import { contextAfter } from "../support/translate.ts";

const IDS = { sessionId: "ses_1", turnId: "turn_1" };
const of = (method: string, more: Record<string, unknown>) => ({
  method,
  params: { threadId: "thr_1", turnId: "ctx_1", ...more },
});

describe("deltas", () => {
  const channels = [
    ["item/agentMessage/delta", "text"],
    ["item/reasoning/summaryTextDelta", "reasoning"],
    ["item/reasoning/textDelta", "reasoning"],
    ["item/plan/delta", "plan"],
    ["item/commandExecution/outputDelta", "output"],
    ["item/fileChange/outputDelta", "patch"],
  ] as const;
  test.each(channels)("%s -> %s", (method, channel) => {
    expect(translate(of(method, { itemId: "i1", delta: "ab" }), contextAfter(RUNNING))).toEqual([
      { type: "item.delta", ...IDS, data: { itemId: "i1", channel, delta: "ab" } },
    ]);
  });

  test("an empty delta is a delta", () => {
    expect(translate(of("item/plan/delta", { itemId: "i1", delta: "" }), contextAfter(RUNNING))).toMatchObject([
      { type: "item.delta" },
    ]);
  });

  test("of a turn that has ended (a command left running): verbatim", () => {
    const notification = of("item/commandExecution/outputDelta", { itemId: "c1", delta: "late" });
    expect(translate(notification, contextAfter([...RUNNING, event("turn.completed")]))).toEqual([
      {
        type: "codex.notification",
        sessionId: "ses_1",
        data: { method: notification.method, params: notification.params },
      },
    ]);
  });

  const malformed = [
    null,
    undefined,
    "text",
    [],
    {},
    { turnId: "ctx_1" },
    { turnId: "ctx_1", itemId: "i1" },
    { turnId: "ctx_1", itemId: 1, delta: "a" },
    { turnId: "ctx_1", itemId: "i1", delta: 7 },
    { turnId: "unknown", itemId: "i1", delta: "a" },
  ];
  test.each(malformed)("what cannot be read passes through verbatim: %j", (params) => {
    const method = "item/agentMessage/delta";
    expect(translate({ method, params }, contextAfter(RUNNING))).toEqual([
      { type: "codex.notification", data: { method, params } },
    ]);
  });
});

describe("items", () => {
  test("started and completed carry Codex's item as it came", () => {
    const item = { id: "c1", type: "commandExecution", command: "ls", status: "inProgress", unheardOf: { a: [1] } };
    expect(translate(of("item/started", { item }), contextAfter(RUNNING))).toEqual([
      { type: "item.started", ...IDS, data: { item } },
    ]);
    expect(translate(of("item/completed", { item }), contextAfter(RUNNING))).toEqual([
      { type: "item.completed", ...IDS, data: { item } },
    ]);
  });

  test("an item that ends without having begun is told all the same", () => {
    const item = { id: "x", type: "webSearch" };
    expect(translate(of("item/completed", { item }), contextAfter(RUNNING))).toHaveLength(1);
  });

  test("of a turn that has ended: verbatim, so that an end stays the end", () => {
    const context = contextAfter([...RUNNING, event("turn.completed")]);
    for (const method of ["item/started", "item/completed"]) {
      expect(translate(of(method, { item: { id: "i1", type: "agentMessage" } }), context)).toMatchObject([
        { type: "codex.notification", sessionId: "ses_1", data: { method } },
      ]);
    }
  });
});

describe("steering", () => {
  const steer = (clientId: unknown) => of("item/started", { item: { id: "u2", type: "userMessage", clientId } });
  const OPEN = [...RUNNING, itemStarted("a1"), itemStarted("r1", "reasoning"), itemStarted("c1", "commandExecution")];

  test("input that arrived: what was being streamed is dropped, running commands are not, the input is consumed", () => {
    expect(translate(steer("inp_7"), contextAfter(OPEN)).map(({ type, data }) => [type, data])).toEqual([
      ["item.discarded", { itemId: "a1", reason: "steered" }],
      ["item.discarded", { itemId: "r1", reason: "steered" }],
      ["turn.steered", { inputId: "inp_7", consumed: true }],
      ["item.started", { item: { id: "u2", type: "userMessage", clientId: "inp_7" } }],
    ]);
  });

  test("the turn's own prompt is no steering, nor is a message without our id", () => {
    for (const clientId of ["turn_1", undefined, null, 5]) {
      expect(translate(steer(clientId), contextAfter(OPEN)).map(({ type }) => type)).toEqual(["item.started"]);
    }
  });

  test("an agent's message with a clientId is no steering", () => {
    const item = { id: "a2", type: "agentMessage", clientId: "inp_7" };
    expect(translate(of("item/started", { item }), contextAfter(OPEN)).map(({ type }) => type)).toEqual([
      "item.started",
    ]);
  });
});

describe("error", () => {
  const error = {
    message: "Reconnecting... 1/5",
    codexErrorInfo: { responseStreamDisconnected: { httpStatusCode: null } },
    additionalDetails: "x",
  };
  const OPEN = [
    ...RUNNING,
    itemStarted("a1"),
    itemCompleted("a1"),
    itemStarted("a2"),
    itemStarted("c1", "commandExecution"),
  ];

  test("a retry discards what the broken stream had begun, and passes through", () => {
    const notification = of("error", { error, willRetry: true });
    expect(translate(notification, contextAfter(OPEN))).toEqual([
      { type: "item.discarded", ...IDS, data: { itemId: "a2", reason: "retried" } },
      { type: "codex.notification", sessionId: "ses_1", data: { method: "error", params: notification.params } },
    ]);
  });

  test("the last error discards nothing: turn/completed ends the turn", () => {
    const notification = of("error", { error, willRetry: false });
    expect(translate(notification, contextAfter(OPEN))).toEqual([
      { type: "codex.notification", sessionId: "ses_1", data: { method: "error", params: notification.params } },
    ]);
  });

  test("of no known turn: verbatim", () => {
    expect(
      translate(
        { method: "error", params: { error, willRetry: true, threadId: "thr_x", turnId: "ctx_x" } },
        contextAfter(OPEN),
      ),
    ).toMatchObject([{ type: "codex.notification" }]);
  });
});

describe("what is not modelled", () => {
  test("passes through verbatim, with its session when its thread is ours", () => {
    const context = contextAfter(RUNNING);
    const params = { threadId: "thr_1", diff: "--- a" };
    expect(translate({ method: "turn/diff/updated", params }, context)).toEqual([
      { type: "codex.notification", sessionId: "ses_1", data: { method: "turn/diff/updated", params } },
    ]);
    expect(translate({ method: "mcpServer/startupStatus/updated", params: { name: "x" } }, context)).toEqual([
      { type: "codex.notification", data: { method: "mcpServer/startupStatus/updated", params: { name: "x" } } },
    ]);
    expect(translate({ method: "invented/later", params: undefined }, context)).toEqual([
      { type: "codex.notification", data: { method: "invented/later", params: undefined } },
    ]);
  });

  test("methods named like properties of every object are not modelled either", () => {
    for (const method of ["constructor", "toString", "__proto__", "hasOwnProperty", "valueOf"]) {
      for (const params of [{ turnId: "ctx_1", itemId: "i1", delta: "a" }, null, {}]) {
        expect(translate({ method, params }, contextAfter(RUNNING))).toEqual([
          { type: "codex.notification", data: { method, params } },
        ]);
      }
    }
  });

  test("only this chatter is counted instead of stored", () => {
    expect([...COALESCED].toSorted()).toEqual([
      "account/rateLimits/updated",
      "serverRequest/resolved",
      "thread/closed",
      "thread/readState/changed",
      "thread/status/changed",
    ]);
  });
});
