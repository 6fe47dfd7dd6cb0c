import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Progress } from "../../src/mcp/progress.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const makeProgress = () => {
  const sent: string[] = [];
  const progress = new Progress(({ progress: count, message }) => {
    sent.push(`${count} ${message}`);
    return Promise.resolve();
  }, "waits for Codex");
  return { progress, sent };
};

test("the first word at once, then the latest of each quarter of a second", () => {
  const { progress, sent } = makeProgress();
  for (const word of ["a", "b", "c"]) progress.say(word);
  expect(sent).toEqual(["1 a"]);
  vi.advanceTimersByTime(250);
  expect(sent).toEqual(["1 a", "2 c"]);
  vi.advanceTimersByTime(250);
  progress.say("d");
  expect(sent).toEqual(["1 a", "2 c", "3 d"]);
});

test("silence is broken every ten seconds, also before the first word", () => {
  const { progress, sent } = makeProgress();
  vi.advanceTimersByTime(10_000);
  expect(sent).toEqual(["1 waits for Codex"]);
  progress.say("a");
  vi.advanceTimersByTime(21_000);
  expect(sent).toEqual(["1 waits for Codex", "2 a", "3 a", "4 a"]);
});

test("at its end it says what is pending, and nothing any more", () => {
  const { progress, sent } = makeProgress();
  progress.say("a");
  progress.say("b");
  progress.close();
  progress.say("c");
  vi.advanceTimersByTime(60_000);
  expect(sent).toEqual(["1 a", "2 b"]);
});

test("a client that did not ask hears nothing, and one that is gone is no error", async () => {
  const silent = new Progress(undefined, "");
  silent.say("a");
  const gone = new Progress(() => Promise.reject(new Error("closed")), "");
  gone.say("a");
  gone.close();
  await Promise.resolve();
  silent.close();
  expect(vi.getTimerCount()).toBe(0);
});
