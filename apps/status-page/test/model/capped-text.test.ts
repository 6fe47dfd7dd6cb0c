import { expect, test } from "vitest";
import { appendEnd, appendStart, lastLines, NO_TEXT } from "../../src/model/capped-text.ts";

test("of an output the end is kept, and what was dropped is counted", () => {
  let output = NO_TEXT;
  for (let n = 0; n < 100; n += 1) output = appendEnd(output, "0123456789", 50);
  expect(output.text.length + output.dropped).toBe(1000);
  expect(output.text.length).toBeGreaterThanOrEqual(50);
  expect(output.text.length).toBeLessThanOrEqual(75);
  expect(output.text.endsWith("0123456789")).toBe(true);
});

test("of prose the beginning is kept", () => {
  const text = appendStart(appendStart(NO_TEXT, "Hello ", 8), "world", 8);
  expect(text).toEqual({ text: "Hello wo", dropped: 3 });
  expect(appendStart(text, "!", 8)).toEqual({ text: "Hello wo", dropped: 4 });
});

test("the last lines, and how many stand before them", () => {
  expect(lastLines("a\nb\nc\nd\n", 2)).toEqual({ shown: "c\nd", before: 2 });
  expect(lastLines("a\nb", 2)).toEqual({ shown: "a\nb", before: 0 });
  expect(lastLines("a", 2)).toEqual({ shown: "a", before: 0 });
  expect(lastLines("", 2)).toEqual({ shown: "", before: 0 });
  expect(lastLines("\n\n\nz", 2)).toEqual({ shown: "\nz", before: 2 });
});
