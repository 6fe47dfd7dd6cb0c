import fc from "fast-check";
import { isUtf8 } from "node:buffer";
import { describe, expect, test } from "vitest";
import { MessageRefusedError, encodeMessage } from "../../src/framing/encode-message.ts";

describe("well-formedness", () => {
  test.each([
    ["a lone high surrogate", "a\ud800b", "a\ufffdb"],
    ["a lone low surrogate", "\udc00", "\ufffd"],
    ["two highs and a low", "\ud83d\ud83d\ude00", "\ufffd😀"],
    ["a pair and a low", "😀\ude00", "😀\ufffd"],
    ["a cut emoji at the end", "ok \ud83d", "ok \ufffd"],
    ["text that only looks like an escape", "\\ud800", "\\ud800"],
  ])("%s", (_name, text, expected) => {
    const line = encodeMessage({ method: "m", params: { deep: [{ text }], [text]: 1 } });
    expect(JSON.parse(line)).toEqual({ method: "m", params: { deep: [{ text: expected }], [expected]: 1 } });
    expect(line).not.toMatch(/[^\\]\\ud[89a-f]/);
  });

  test("any value is one line of valid UTF-8 that means the same, but for lone surrogates", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary", maxDepth: 5 }), (params) => {
        const line = encodeMessage({ method: "m", params });
        expect(isUtf8(Buffer.from(line, "utf8"))).toBe(true);
        expect(line.indexOf("\n")).toBe(line.length - 1);
        expect(Buffer.from(line, "utf8").toString("utf8")).toBe(line);
        expect(line).toBe(`${JSON.stringify(JSON.parse(line))}\n`);
        expect(/(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(line)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

describe("refusals", () => {
  test("a message that nests 100 levels passes, 101 are refused", () => {
    expect(encodeMessage(nested(100))).toContain("[[[[");
    expect(() => encodeMessage(nested(101))).toThrow("the message nests deeper than 100 levels");
  });

  test("brackets in text do not count", () => {
    expect(encodeMessage({ text: '[{"'.repeat(500), "[[[": "\\" })).toContain("[[[");
  });

  test("what JSON cannot say is refused", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    expect(() => encodeMessage(cycle)).toThrow(MessageRefusedError);
    expect(() => encodeMessage({ big: 1n })).toThrow("the message cannot be written as JSON");
    expect(() => encodeMessage(nested(100_000))).toThrow(MessageRefusedError);
  });
});

/** A message of this many nested containers, its own object counted. */
function nested(levels: number): Record<string, unknown> {
  let value: unknown = [];
  for (let level = 2; level < levels; level += 1) value = [value];
  return { value };
}
