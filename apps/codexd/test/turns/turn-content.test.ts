import { describe, expect, test } from "vitest";
import type { NewEvent } from "../../src/journal/journal.ts";
import { readTurnContent } from "../../src/turns/turn-content.ts";
import { AT, openJournal } from "../support/journal.ts";
import { accepted, delta, event, itemCompleted, itemStarted, RUNNING, started } from "../support/records.ts";

/** The content of turn_1 after it ran and these events came. */
const contentAfter = async (...events: NewEvent[]) => {
  const { journal, log, registries } = await openJournal();
  await journal.appendVisible([...RUNNING, ...events]);
  return readTurnContent(log, registries.turns.get("turn_1")!);
};
const COMPLETED = event("turn.completed");
const discarded = (itemId: string, reason: string): NewEvent => event("item.discarded", { itemId, reason });

describe("the text of a turn", () => {
  test("grows with its deltas while the item is open", async () => {
    expect(await contentAfter(itemStarted("a1"), delta("a1", "Hel"), delta("a1", "lo"))).toEqual({
      text: "Hello",
      items: [{ itemId: "a1", type: "agentMessage", state: "open", text: "Hello" }],
      expired: false,
      asOfSeq: 7,
    });
  });

  test("a completed item's text replaces its deltas", async () => {
    const content = await contentAfter(
      itemStarted("a1"),
      delta("a1", "Hel"),
      itemCompleted("a1", "agentMessage", { text: "Hello!" }),
      COMPLETED,
    );
    expect(content).toEqual({
      text: "Hello!",
      items: [{ itemId: "a1", type: "agentMessage", state: "completed", text: "Hello!" }],
      expired: false,
      asOfSeq: 8,
    });
  });

  test("agent messages in the order they began, joined by a blank line; nothing else", async () => {
    const content = await contentAfter(
      itemCompleted("u1", "userMessage", { text: "prompt" }),
      itemStarted("a1"),
      itemStarted("a2"),
      itemCompleted("a2", "agentMessage", { text: "two" }),
      itemCompleted("r1", "reasoning", { text: "think" }),
      itemCompleted("a3", "agentMessage", { text: "" }),
      itemCompleted("a1", "agentMessage", { text: "one" }),
      COMPLETED,
    );
    expect(content.text).toBe("one\n\ntwo");
    expect(content.items.map(({ itemId }) => itemId)).toEqual(["u1", "a1", "a2", "r1", "a3"]);
  });

  test.each(["retried", "steered"])("what was %s is left out", async (reason) => {
    const content = await contentAfter(
      itemStarted("a1"),
      delta("a1", "gone"),
      discarded("a1", reason),
      itemCompleted("a2", "agentMessage", { text: "kept" }),
    );
    expect(content.text).toBe("kept");
    expect(content.items).toHaveLength(1);
  });

  test("what was open at the end stays, marked as cut, with what was streamed", async () => {
    const content = await contentAfter(
      itemStarted("a1"),
      delta("a1", "half a sen"),
      discarded("a1", "ended"),
      event("turn.interrupted"),
    );
    expect(content).toMatchObject({ text: "half a sen", items: [{ itemId: "a1", state: "cut", text: "half a sen" }] });
  });

  test("an item without its beginning or its end is shown as what it can be", async () => {
    const content = await contentAfter(delta("a1", "text"), delta("c1", "out", "output"), event("turn.lost"));
    expect(content.items).toEqual([
      { itemId: "a1", type: "agentMessage", state: "cut", text: "text" },
      { itemId: "c1", type: "unknown", state: "cut", aggregatedOutput: "out" },
    ]);
  });
});

describe("other items", () => {
  test("keep Codex's fields; the id is called itemId", async () => {
    const content = await contentAfter(
      itemCompleted("c1", "commandExecution", { command: "ls", exitCode: 0, aggregatedOutput: "a\n" }),
      COMPLETED,
    );
    expect(content.items).toEqual([
      {
        itemId: "c1",
        type: "commandExecution",
        state: "completed",
        command: "ls",
        exitCode: 0,
        aggregatedOutput: "a\n",
      },
    ]);
  });

  test("the output of a command that was cut is what was streamed, and no text", async () => {
    const content = await contentAfter(
      itemStarted("c1", "commandExecution", { command: "ls" }),
      delta("c1", "a\n", "output"),
      delta("c1", "b\n", "output"),
      discarded("c1", "ended"),
      event("turn.interrupted"),
    );
    expect(content).toMatchObject({ text: "", items: [{ itemId: "c1", state: "cut", aggregatedOutput: "a\nb\n" }] });
    expect(content.items[0]).not.toHaveProperty("text");
  });

  test("the output of a completed command is Codex's, not the deltas", async () => {
    const content = await contentAfter(
      itemStarted("c1", "commandExecution"),
      delta("c1", "part", "output"),
      itemCompleted("c1", "commandExecution", { aggregatedOutput: "whole" }),
    );
    expect(content.items).toMatchObject([{ aggregatedOutput: "whole" }]);
  });

  test("reasoning and plans show their stream until they are complete", async () => {
    const content = await contentAfter(
      itemStarted("r1", "reasoning"),
      delta("r1", "hm", "reasoning"),
      itemStarted("p1", "plan"),
      delta("p1", "1.", "plan"),
    );
    expect(content).toMatchObject({
      text: "",
      items: [
        { type: "reasoning", text: "hm" },
        { type: "plan", text: "1." },
      ],
    });
  });
});

describe("where the text is looked for", () => {
  test("only in this turn's events, up to its end", async () => {
    const { journal, log, registries } = await openJournal({ events: RUNNING });
    const other = { sessionId: "ses_2", turnId: "turn_2" };
    await journal.appendVisible([
      accepted(other),
      itemStarted("a1"),
      { ...delta("b1", "other"), ...other },
      delta("a1", "mine"),
      COMPLETED,
    ]);
    await journal.appendVisible([delta("a1", " late"), started("ctx_2", other)]);
    expect(readTurnContent(log, registries.turns.get("turn_1")!)).toMatchObject({
      text: "mine",
      items: [{ itemId: "a1" }],
    });
  });

  test("over more events than one read takes", async () => {
    const { journal, log, registries } = await openJournal({ events: [...RUNNING, itemStarted("a1")] });
    const text = "x".repeat(1000);
    for (let index = 0; index < 3000; index += 1) journal.append([delta("a1", text)]);
    await journal.settled();
    expect(readTurnContent(log, registries.turns.get("turn_1")!).text).toHaveLength(3_000_000);
  });

  test("a turn that begins before the log does is expired", async () => {
    const { log } = await openJournal({ events: RUNNING });
    const turn = {
      id: "turn_0",
      sessionId: "ses_1",
      state: "completed",
      origin: "client",
      createdAt: AT,
      openItems: [],
      pendingApprovals: 0,
    } as const;
    expect(readTurnContent(log, { ...turn, acceptedSeq: 0, endSeq: 1 })).toEqual({
      text: "",
      items: [],
      expired: true,
      asOfSeq: 0,
    });
  });

  test("it says up to where it read: what comes later counts only in the next reading, up to the turn's end", async () => {
    const { journal, log, registries } = await openJournal({ events: [...RUNNING, itemStarted("a1")] });
    await journal.appendVisible([delta("a1", "one ")]);
    const before = readTurnContent(log, registries.turns.get("turn_1")!);
    expect(before).toMatchObject({ text: "one ", asOfSeq: log.head() });

    await journal.appendVisible([delta("a1", "two"), COMPLETED]);
    await journal.appendVisible([delta("a1", " late")]);
    const after = readTurnContent(log, registries.turns.get("turn_1")!);
    expect(after).toMatchObject({ text: "one two", asOfSeq: before.asOfSeq + 2 });
  });
});

describe("steering inputs", () => {
  const steered = (inputId: string, data: Record<string, unknown> = {}): NewEvent =>
    event("turn.steered", { inputId, consumed: false, ...data });

  test("in the order they were sent, each with what became of it", async () => {
    const { steers } = await contentAfter(
      steered("i1", { input: "x" }),
      steered("i2", { input: "y" }),
      steered("i3", { input: "z" }),
      steered("i2", { rejected: "no active turn to steer" }),
      steered("i1", { consumed: true }),
    );
    expect(steers).toEqual([
      { inputId: "i1", state: "consumed" },
      { inputId: "i2", state: "rejected" },
      { inputId: "i3", state: "sent" },
    ]);
  });

  test("what is consumed stays so", async () => {
    const content = await contentAfter(steered("i1"), steered("i1", { consumed: true }), steered("i1"), COMPLETED);
    expect(content.steers).toEqual([{ inputId: "i1", state: "consumed" }]);
  });

  test("a refusal that comes just after the turn's end counts", async () => {
    const content = await contentAfter(steered("i1"), COMPLETED, steered("i1", { rejected: "too late" }));
    expect(content.steers).toEqual([{ inputId: "i1", state: "rejected" }]);
  });

  test("of another turn are not taken for its own; without any there is no list", async () => {
    const other = event("turn.steered", { inputId: "i9", consumed: true }, { turnId: "turn_2" });
    expect(await contentAfter(other, COMPLETED)).not.toHaveProperty("steers");
  });
});
