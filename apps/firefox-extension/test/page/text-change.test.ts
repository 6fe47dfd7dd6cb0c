import fc from "fast-check";
import { expect, test } from "vitest";
import { applyChange, textChange } from "../../src/shared/text-change.ts";

test.each([
  { old: "", now: "Hello", change: { from: 0, text: "Hello" } },
  { old: "Hello", now: "Hello world", change: { from: 5, text: " world" } },
  { old: "The quick fox", now: "The slow fox", change: { from: 4, text: "slow fox" } },
  { old: "Hello world", now: "Hello", change: { from: 5, text: "" } },
  { old: "Hello", now: "", change: { from: 0, text: "" } },
  // Both foxes begin with the same half of a pair.
  { old: "a 🦊", now: "a 🦋", change: { from: 2, text: "🦋" } },
  { old: "a 🦊", now: "a ", change: { from: 2, text: "" } },
  { old: "same", now: "same", change: undefined },
])("from $old to $now", ({ old, now, change }) => {
  expect(textChange(old, now)).toEqual(change);
});

test("a change makes the new text of the old one, and halves no character", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "🦊", "🦋", "\n") });
  fc.assert(
    fc.property(text, text, (old, now) => {
      const change = textChange(old, now) ?? { from: old.length, text: "" };
      expect(applyChange(old, change)).toBe(now);
      expect(change.text).not.toMatch(/\p{Surrogate}/u);
      expect(now.slice(0, change.from)).not.toMatch(/\p{Surrogate}/u);
    }),
  );
});

test("a change behind the end of a text shows that one is missing", () => {
  expect(applyChange("abc", { from: 4, text: "x" })).toBeUndefined();
  expect(applyChange("abc", { from: 3, text: "x" })).toBe("abcx");
});
