import { expect, onTestFinished, test, vi } from "vitest";
import { TurnWaiters } from "../../src/turns/turn-waiters.ts";
import { openJournal } from "../support/journal.ts";
import { delta, event, RUNNING } from "../support/records.ts";

const setUp = async () => {
  const opened = await openJournal({ events: RUNNING });
  const waiters = new TurnWaiters(opened.journal);
  const settled: string[] = [];
  const wait = (name: string, ms = 3_600_000, turnId = "turn_1") =>
    waiters.wait(turnId, ms).then(() => void settled.push(name));
  return { ...opened, waiters, wait, settled };
};

test("everybody who waits is let go when the turn's end may be told", async () => {
  const { journal, log, wait, settled } = await setUp();
  const all = Promise.all([wait("a"), wait("b")]);
  journal.append([delta("a1", "x")]);
  journal.append([event("turn.completed")]);
  expect(settled).toEqual([]);
  await all;
  expect(settled.toSorted()).toEqual(["a", "b"]);
  expect(log.head()).toBe(6);
});

test("the end of another turn lets nobody go; the time does", async () => {
  const { journal, wait, settled } = await setUp();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const waited = wait("a", 5000, "turn_other");
  journal.append([event("turn.completed")]);
  await vi.advanceTimersByTimeAsync(4999);
  expect(settled).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  await waited;
  expect(settled).toEqual(["a"]);
});

test("a deleted session lets those go who wait for its turns", async () => {
  const { journal, wait } = await setUp();
  const waited = wait("a");
  journal.append([{ type: "session.deleted", sessionId: "ses_1", data: {} }]);
  await waited;
});

test("a stop lets everybody go", async () => {
  const { waiters, wait } = await setUp();
  const all = Promise.all([wait("a"), wait("b", 3_600_000, "turn_2")]);
  waiters.releaseAll();
  await all;
});
