import { describe, expect, test } from "vitest";
import { cutOpen, foldItem, itemOfDetail } from "../../src/model/items.ts";
import type { Items } from "../../src/model/items.ts";
import { delta, event, itemCompleted, itemStarted } from "../support/events.ts";

const after = (...events: Parameters<typeof foldItem>[1][]): Items => events.reduce<Items>(foldItem, []);
const shown = (items: Items) =>
  items.map(({ id, type, state, text, output }) => [id, type, state, text.text, output.text]);

describe("the items of a turn, as codexd itself puts them together", () => {
  test("grow with their deltas", () => {
    const items = after(
      itemStarted(1, { id: "m1", type: "agentMessage", text: "" }),
      delta(2, "m1", "Hel"),
      itemStarted(3, { id: "c1", type: "commandExecution", command: "ls" }),
      delta(4, "m1", "lo"),
      delta(5, "c1", "a.txt\n", "output"),
    );
    expect(shown(items)).toEqual([
      ["m1", "agentMessage", "open", "Hello", ""],
      ["c1", "commandExecution", "open", "", "a.txt\n"],
    ]);
  });

  test("a completed item replaces what was streamed, in its place", () => {
    const items = after(
      itemStarted(1, { id: "m1", type: "agentMessage", text: "" }),
      delta(2, "m1", "Helo"),
      itemStarted(3, { id: "c1", type: "commandExecution", command: "ls" }),
      delta(4, "c1", "x", "output"),
      itemCompleted(5, { id: "m1", type: "agentMessage", text: "Hello." }),
      itemCompleted(6, { id: "c1", type: "commandExecution", command: "ls", aggregatedOutput: "a.txt\n", exitCode: 0 }),
    );
    expect(shown(items)).toEqual([
      ["m1", "agentMessage", "completed", "Hello.", ""],
      ["c1", "commandExecution", "completed", "", "a.txt\n"],
    ]);
    expect(items[1]?.raw).toEqual({ command: "ls", exitCode: 0 });
  });

  test("what a retry or a steer threw away is gone; what the end cut stays", () => {
    const before = [
      itemStarted(1, { id: "m1", type: "agentMessage", text: "" }),
      delta(2, "m1", "first try"),
      itemStarted(3, { id: "m2", type: "agentMessage", text: "" }),
      delta(4, "m2", "second"),
    ];
    const discarded = (itemId: string, reason: string) => event(5, "item.discarded", { itemId, reason });
    expect(shown(after(...before, discarded("m1", "retried")))).toEqual([["m2", "agentMessage", "open", "second", ""]]);
    expect(shown(after(...before, discarded("m2", "steered")))).toEqual([
      ["m1", "agentMessage", "open", "first try", ""],
    ]);
    expect(shown(after(...before, discarded("m2", "ended")))[1]).toEqual(["m2", "agentMessage", "cut", "second", ""]);
  });

  test("what is open when the turn ends is marked as cut, with its text", () => {
    const items = cutOpen(
      after(
        itemCompleted(1, { id: "m1", type: "agentMessage", text: "Done." }),
        itemStarted(2, { id: "m2", type: "agentMessage", text: "" }),
        delta(3, "m2", "And th"),
      ),
    );
    expect(shown(items)).toEqual([
      ["m1", "agentMessage", "completed", "Done.", ""],
      ["m2", "agentMessage", "cut", "And th", ""],
    ]);
  });

  test("a delta whose start was not told makes an item", () => {
    expect(shown(after(delta(1, "m1", "late"), delta(2, "c1", "out", "output")))).toEqual([
      ["m1", "agentMessage", "open", "late", ""],
      ["c1", "unknown", "open", "", "out"],
    ]);
  });

  test("other events, and such without an item, change nothing", () => {
    const items = after(itemStarted(1, { id: "m1", type: "agentMessage", text: "" }));
    for (const one of [
      event(2, "turn.started"),
      event(3, "item.delta", {}),
      event(4, "item.completed", { item: null }),
    ])
      expect(foldItem(items, one)).toBe(items);
  });

  test("a thought has its summary, or else its content, as text", () => {
    const thought = (data: object) => after(itemCompleted(1, { id: "r1", type: "reasoning", ...data }))[0]?.text.text;
    expect(thought({ summary: ["**Plan**", "Then do it."], content: ["raw"] })).toBe("**Plan**\n\nThen do it.");
    expect(thought({ summary: [], content: ["raw"] })).toBe("raw");
    expect(thought({})).toBe("");
  });
});

test("an item of a read turn is the same as one that was told", () => {
  const item = {
    itemId: "c1",
    type: "commandExecution",
    state: "open",
    command: "ls",
    aggregatedOutput: "a\n",
  } as const;
  expect(itemOfDetail(item)).toEqual({
    id: "c1",
    type: "commandExecution",
    state: "open",
    text: { text: "", dropped: 0 },
    output: { text: "a\n", dropped: 0 },
    raw: { command: "ls" },
  });
});
