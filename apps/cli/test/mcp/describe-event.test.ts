import type { FeedEvent } from "@baa/contracts";
import { expect, test } from "vitest";
import { TurnNarrator } from "../../src/mcp/describe-event.ts";

const event = (type: string, data: Record<string, unknown>): FeedEvent => ({ seq: 1, at: "", type, data });
const words = (...events: FeedEvent[]): (string | undefined)[] => {
  const narrator = new TurnNarrator();
  return events.map((each) => narrator.describe(each));
};
const delta = (itemId: string, text: string, channel = "text"): FeedEvent =>
  event("item.delta", { itemId, channel, delta: text });

test("what is written grows line by line, each message by itself", () => {
  expect(
    words(delta("a", "one "), delta("a", "two\n"), delta("a", "three"), delta("b", "other"), delta("a", " four")),
  ).toEqual(["writes: one", "writes: one two", "writes: three", "writes: other", "writes: three four"]);
});

test("a message that is discarded begins anew", () => {
  expect(words(delta("a", "wrong"), event("item.discarded", { itemId: "a" }), delta("a", "right"))).toEqual([
    "writes: wrong",
    undefined,
    "writes: right",
  ]);
});

test("what begins is named, in one line that is not too long", () => {
  const began = (item: Record<string, unknown>): FeedEvent => event("item.started", { item });
  const [command, long, tool, search, thought, other] = words(
    began({ type: "commandExecution", command: "npm\n  test" }),
    began({ type: "commandExecution", command: "x".repeat(500) }),
    began({ type: "mcpToolCall", server: "files", tool: "read" }),
    began({ type: "webSearch", query: "zod" }),
    began({ type: "reasoning" }),
    began({ type: "userMessage" }),
  );
  expect([command, tool, search, thought, other]).toEqual([
    "runs: npm test",
    "calls files/read",
    "searches: zod",
    "thinks",
    undefined,
  ]);
  expect(long).toHaveLength(200);
});

test("a decision that is needed, and what was decided; output and unknown events say nothing", () => {
  expect(
    words(
      event("approval.requested", { kind: "command", command: "rm -r x" }),
      event("approval.requested", { kind: "question" }),
      event("approval.resolved", { decision: "decline" }),
      delta("a", "bytes", "output"),
      event("codex.notification", {}),
    ),
  ).toEqual([
    "waits for a decision: rm -r x",
    "waits for a decision: question",
    "decided: decline",
    undefined,
    undefined,
  ]);
});
