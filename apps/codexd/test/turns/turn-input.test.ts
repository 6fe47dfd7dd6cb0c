import { ProblemError } from "@baa/http";
import { describe, expect, test } from "vitest";
import { readTurnInput, toCodexInput } from "../../src/turns/turn-input.ts";
import { openJournal } from "../support/journal.ts";
import { accepted, created, forwarding } from "../support/records.ts";

const text = (value: string) => ({ type: "text" as const, text: value });

describe("the caller's input in Codex's form", () => {
  test("a string is one text item", () => {
    expect(toCodexInput("hello")).toEqual([{ type: "text", text: "hello", text_elements: [] }]);
  });
  test("items stay items", () => {
    expect(toCodexInput([text("a"), text(" ")])).toEqual([
      { type: "text", text: "a", text_elements: [] },
      { type: "text", text: " ", text_elements: [] },
    ]);
  });

  const invalid = [
    ["empty", ""],
    ["blank", " \n\t\u00a0"],
    ["an empty list", []],
    ["blank items only", [text(" "), text("\n")]],
    ["one character too many", "x".repeat(1_048_577)],
    ["too many in all", [text("x".repeat(1_048_576)), text("y")]],
  ] as const;
  test.each(invalid)("%s is refused: Codex would call the model or fail", (_what, input) => {
    const convert = () => toCodexInput(typeof input === "string" ? input : [...input]);
    expect(convert).toThrow(ProblemError);
    expect(convert).toThrow(/^input /);
  });
  test("exactly as many characters as Codex takes", () => {
    expect(toCodexInput("x".repeat(1_048_576))[0]?.text).toHaveLength(1_048_576);
  });
});

describe("the input read back from the log", () => {
  test("is what was accepted, whatever its size", async () => {
    const { log } = await openJournal({ events: [created(), accepted({}, { input: [text("x".repeat(100_000))] })] });
    expect(readTurnInput(log, 2)).toEqual([{ type: "text", text: "x".repeat(100_000) }]);
  });
  test("is undefined when the event is not there or carries none", async () => {
    const { log } = await openJournal({ events: [created(), accepted(), forwarding()] });
    expect(readTurnInput(log, 3)).toBeUndefined();
    expect(readTurnInput(log, 99)).toBeUndefined();
  });
});
