import { expect, test } from "vitest";
import { addLines, FEED_LINES_MAX, feedLine } from "../../src/model/feed-line.ts";
import { event } from "../support/events.ts";

test("events in words, with why", () => {
  const told = (type: string, data = {}) => {
    const { tone, text } = feedLine(event(1, type, data));
    return [tone, text];
  };
  expect(told("turn.completed")).toEqual(["good", "Turn completed"]);
  expect(told("turn.interrupted", { reason: "child_exited" })).toEqual(["warn", "Turn interrupted: child exited"]);
  expect(told("turn.failed", { error: { code: "not_started" } })).toEqual(["bad", "Turn failed: not started"]);
  expect(told("turn.failed")).toEqual(["bad", "Turn failed"]);
  expect(told("codexd.down", { reason: "ECONNREFUSED" })).toEqual(["bad", "codexd is down: ECONNREFUSED"]);
  expect(told("control.changed", { mode: "paused" })).toEqual(["warn", "Control: paused"]);
});

test("a type that is not known is shown by its name", () => {
  expect(feedLine(event(1, "task.created"))).toMatchObject({ tone: "quiet", text: "task.created" });
});

test("newest first, each once, without the chatter, and not without end", () => {
  const lines = addLines([], [event(1, "turn.accepted"), event(2, "usage.updated"), event(3, "turn.started")]);
  expect(lines.map(({ seq }) => seq)).toEqual([3, 1]);
  expect(addLines(lines, [event(3, "turn.started")])).toBe(lines);
  const many = Array.from({ length: FEED_LINES_MAX + 50 }, (_, n) => event(n + 4, "turn.completed"));
  const kept = addLines(lines, many);
  expect([kept.length, kept[0]?.seq]).toEqual([FEED_LINES_MAX, FEED_LINES_MAX + 53]);
});
