import { expect, test } from "vitest";
import { LoadedThreads } from "../../src/child/loaded-threads.ts";

test("threads are told by their last use, the one unused for longest first", () => {
  let nowMs = 10;
  const threads = new LoadedThreads(() => nowMs);
  threads.add("a");
  nowMs = 20;
  threads.add("b");
  nowMs = 30;
  threads.add("a");
  expect(threads.all()).toEqual([
    { threadId: "b", usedAtMs: 20 },
    { threadId: "a", usedAtMs: 30 },
  ]);
  threads.delete("b");
  expect([threads.has("a"), threads.has("b"), threads.size]).toEqual([true, false, 1]);
  threads.clear();
  expect(threads.all()).toEqual([]);
});
