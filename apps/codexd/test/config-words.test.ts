import { ConfigError } from "@baa/process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { splitShellWords } from "../src/config.ts";

const split = (text: string): string[] => splitShellWords("X", text);

/** As /bin/sh splits them (checked with `printf '%s\n'`), without expansion. */
const CASES: [string, string[]][] = [
  ["", []],
  ["   ", []],
  ["a", ["a"]],
  ["  a\tb\n c ", ["a", "b", "c"]],
  ["'a b' c", ["a b", "c"]],
  ['"a b"c', ["a bc"]],
  ["a'b'\"c\"d", ["abcd"]],
  ["''", [""]],
  ['a "" b', ["a", "", "b"]],
  ["a\\ b", ["a b"]],
  ["\\'a", ["'a"]],
  ["'a\\b'", ["a\\b"]],
  ['"a\\"b"', ['a"b']],
  ['"a\\\\b"', ["a\\b"]],
  ['"a\\nb"', ["a\\nb"]],
  ['"it\'s"', ["it's"]],
  ["-c model='\"x\"'", ["-c", 'model="x"']],
  ["$HOME *", ["$HOME", "*"]],
];
test.each(CASES)("%j", (text, words) => {
  expect(split(text)).toEqual(words);
});

test.each(["'a", '"a', "a'b", 'a "b c', "a\\", "'a' \"b", '"a\\"'])("%j is refused, naming the variable", (text) => {
  expect(() => split(text)).toThrow(ConfigError);
  expect(() => split(text)).toThrow("X: has an open quote or a stray backslash");
});

test("property: words quoted in single quotes come back as they were", () => {
  const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" })), (words) => {
      expect(split(words.map(quote).join(" "))).toEqual(words);
    }),
  );
});

test("property: words quoted in double quotes come back as they were", () => {
  const quote = (word: string): string => `"${word.replaceAll(/["\\$`]/g, "\\$&")}"`;
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" })), (words) => {
      expect(split(words.map(quote).join("  "))).toEqual(words);
    }),
  );
});

test("property: any text is split or refused by name, in time that grows with its length", () => {
  const text = fc.string({ unit: fc.constantFrom("a", " ", "'", '"', "\\", "\n", "=") });
  fc.assert(
    fc.property(text, (value) => {
      try {
        expect(split(value).every((word) => typeof word === "string")).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
      }
    }),
  );
  expect(split("a".repeat(200_000))).toEqual(["a".repeat(200_000)]);
});
