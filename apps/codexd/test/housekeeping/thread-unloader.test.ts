import { RpcError } from "@baa/codex-app-server";
import { expect, test } from "vitest";
import { ThreadUnloader } from "../../src/housekeeping/thread-unloader.ts";
import type { NewEvent } from "../../src/journal/journal.ts";
import { FakeChild } from "../support/fake-child.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { openJournal } from "../support/journal.ts";
import { fakeLogger } from "../support/logger.ts";
import { accepted, created, event, RUNNING } from "../support/records.ts";

const setUp = async (o: { events?: readonly NewEvent[]; loadedMax?: number } = {}) => {
  const { journal } = await openJournal({ events: o.events ?? [created()] });
  const child = new FakeChild()
    .answer("thread/backgroundTerminals/list", () => ({ data: [], nextCursor: null }))
    .answer("thread/unsubscribe", () => ({ status: "unsubscribed" }));
  const clock = new FakeClock();
  const { logger, lines } = fakeLogger();
  const unloader = new ThreadUnloader({
    child: child.port,
    journal,
    clock,
    logger,
    idleMs: 1000,
    loadedMax: o.loadedMax ?? 100,
  });
  const load = (threadId: string, idleMs: number): void => {
    child.loaded.add(threadId);
    child.usedAtMs.set(threadId, clock.monoMs() - idleMs);
  };
  const unloaded = () =>
    child.sent.filter(({ method }) => method === "thread/unsubscribe").map(({ params }) => params["threadId"]);
  return { journal, child, unloader, load, unloaded, lines };
};

test("a thread that was of no use for long enough is unloaded, and no other", async () => {
  const { child, unloader, load, unloaded } = await setUp();
  load("thr_1", 1000);
  load("thr_2", 999);
  await unloader.sweep();
  expect(unloaded()).toEqual(["thr_1"]);
  expect([...child.loaded]).toEqual(["thr_2"]);
});

test("it is neither archived nor anything else that a user would see", async () => {
  const { journal, child, unloader, load } = await setUp();
  const before = journal.log.written();
  load("thr_1", 5000);
  await unloader.sweep();
  expect(child.methods()).toEqual(["thread/backgroundTerminals/list", "thread/unsubscribe"]);
  expect(journal.log.written()).toBe(before);
});

test("while a turn is open in its session a thread stays, however long that takes", async () => {
  const { unloader, load, unloaded } = await setUp({ events: RUNNING });
  load("thr_1", 3_600_000);
  await unloader.sweep();
  expect(unloaded()).toEqual([]);
});

test("the end of a turn is use", async () => {
  const { journal, child, unloader } = await setUp({ events: RUNNING });
  unloader.start();
  journal.append([event("item.started", { item: { id: "i", type: "agentMessage" } })]);
  expect(child.touched).toEqual([]);
  journal.append([event("turn.completed")]);
  unloader.stop();
  expect(child.touched).toEqual(["thr_1"]);
});

test("above the cap those that were of use longest ago are unloaded, idle or not; those with a turn stay", async () => {
  const { child, unloader, load, unloaded } = await setUp({ events: RUNNING, loadedMax: 2 });
  load("thr_1", 900);
  load("a", 800);
  load("b", 700);
  load("c", 600);
  await unloader.sweep();
  expect(unloaded()).toEqual(["a", "b"]);
  expect([...child.loaded].toSorted()).toEqual(["c", "thr_1"]);
});

test("a thread whose commands still run in the background stays", async () => {
  const { child, unloader, load, unloaded } = await setUp();
  child.answer("thread/backgroundTerminals/list", ({ threadId }) => ({
    data: threadId === "thr_1" ? [{ processId: "1" }] : [],
  }));
  load("thr_1", 3000);
  load("thr_2", 2000);
  await unloader.sweep();
  expect(unloaded()).toEqual(["thr_2"]);
});

test("one that comes into use while it is looked at stays", async () => {
  const { journal, child, unloader, load, unloaded } = await setUp();
  load("thr_1", 3000);
  load("thr_2", 2000);
  child.answer("thread/backgroundTerminals/list", ({ threadId }) => {
    if (threadId === "thr_1") journal.append([accepted()]);
    else child.usedAtMs.set("thr_2", 5_000_000);
    return { data: [] };
  });
  await unloader.sweep();
  expect(unloaded()).toEqual([]);
});

test("it is forgotten before Codex is told, so that who needs it resumes it behind that line", async () => {
  const { child, unloader, load } = await setUp();
  load("thr_1", 3000);
  let wasLoaded: boolean | undefined;
  child.answer("thread/unsubscribe", () => {
    wasLoaded = child.isLoaded("thr_1");
    return {};
  });
  await unloader.sweep();
  expect(wasLoaded).toBe(false);
});

test("a thread that Codex does not know is forgotten; a child that does not answer ends nothing", async () => {
  const { child, unloader, load, lines } = await setUp();
  load("thr_1", 3000);
  child.hold("thread/backgroundTerminals/list").reject(new RpcError({ code: -32600, message: "thread not found" }));
  await unloader.sweep();
  expect(child.loaded.size).toBe(0);
  load("thr_1", 3000);
  child.hold("thread/backgroundTerminals/list").reject(new Error("gone"));
  await unloader.sweep();
  expect([...child.loaded]).toEqual(["thr_1"]);
  expect(lines).toEqual([{ level: "debug", event: "thread.unload.failed" }]);
});

test("without a ready child nothing is asked, and one sweep is enough at a time", async () => {
  const { child, unloader, load, unloaded } = await setUp();
  load("thr_1", 3000);
  child.isReady = false;
  await unloader.sweep();
  expect(child.sent).toEqual([]);
  child.isReady = true;
  await Promise.all([unloader.sweep(), unloader.sweep()]);
  expect(unloaded()).toEqual(["thr_1"]);
});
