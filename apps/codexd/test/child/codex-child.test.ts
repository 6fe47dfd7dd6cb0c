import { type AppServerLink, RpcError, type SupervisorState } from "@baa/codex-app-server";
import { expect, test, vi } from "vitest";
import { type ChildHandlers, CodexChild } from "../../src/child/codex-child.ts";
import type { Ingest } from "../../src/child/ingest.ts";
import type { NewEvent } from "../../src/journal/journal.ts";
import { openJournal } from "../support/journal.ts";
import { fakeLogger } from "../support/logger.ts";
import { created, RUNNING } from "../support/records.ts";

/** A child on a link that the test plays. */
const setUp = async (o: { isExternal: boolean; events?: readonly NewEvent[] }) => {
  const opened = await openJournal({ events: o.events ?? [] });
  const { journal } = opened;
  const sent: [string, unknown][] = [];
  const link = { state: { kind: "stopped", generation: 0 } as SupervisorState, answer: (): unknown => ({}) };
  let handlers!: ChildHandlers;
  const flushed: number[] = [];
  const { logger, lines } = fakeLogger();
  const child = new CodexChild({
    link: (given) => {
      handlers = given;
      return {
        get state() {
          return link.state;
        },
        request: async (method: string, params: unknown) => {
          sent.push([method, params]);
          return { result: link.answer(), generation: link.state.generation };
        },
      } as unknown as AppServerLink;
    },
    isExternal: o.isExternal,
    recordFile: "/no/such/file",
    journal,
    logger,
    ingest: { flush: () => flushed.push(journal.log.written()), notification: () => undefined } as unknown as Ingest,
    redact: (value) => value,
    onRequest: () => "unknown",
    onStderr: () => undefined,
    onUnparsable: () => undefined,
  });
  const become = (state: SupervisorState): void => {
    link.state = state;
    handlers.onState(state);
  };
  const ready: number[] = [];
  child.onReady((generation) => ready.push(generation));
  const eventsAfter = async () =>
    (await opened.events()).slice(o.events?.length ?? 0).map(({ type, data }) => ({ type, data }));
  return { child, journal, link, sent, become, handlers, ready, lines, eventsAfter };
};

const readyAs = (generation: number): SupervisorState => ({ kind: "ready", generation, version: "0.169.0" });

test("a child of our own: each state that matters is an event, and it forgets its threads with the next start", async () => {
  const { child, become, ready, eventsAfter } = await setUp({ isExternal: false, events: [created()] });
  become({ kind: "starting", generation: 1 });
  become({ kind: "handshaking", generation: 1, pid: 7 });
  become({ kind: "ready", generation: 1, pid: 7, version: "0.169.0" });
  expect(ready).toEqual([1]);
  child.markLoaded("thr_1", true);
  become({ kind: "degraded", generation: 1, reason: "no" });
  become({ kind: "starting", generation: 2 });
  expect(child.isLoaded("thr_1")).toBe(false);
  expect(await eventsAfter()).toEqual([
    { type: "child.starting", data: { generation: 1 } },
    { type: "child.ready", data: { generation: 1, pid: 7, version: "0.169.0" } },
    { type: "child.degraded", data: { generation: 1, reason: "no" } },
    { type: "child.starting", data: { generation: 2 } },
  ]);
});

test("an app-server that is not ours: attempts are no events; the first connection of an empty log has missed nothing", async () => {
  const { become, ready, eventsAfter } = await setUp({ isExternal: true });
  become({ kind: "starting", generation: 1 });
  become({ kind: "backoff", generation: 1, reason: "cannot be reached" });
  become({ kind: "starting", generation: 2 });
  become(readyAs(2));
  await vi.waitFor(() => expect(ready).toEqual([2]));
  expect(await eventsAfter()).toEqual([
    { type: "child.ready", data: { generation: 2, version: "0.169.0", external: true } },
  ]);
});

test("a lost connection is one child.gap when it is back; threads that were loaded or have a turn are followed again first", async () => {
  const { child, become, handlers, ready, sent, eventsAfter } = await setUp({ isExternal: true, events: RUNNING });
  become(readyAs(1));
  await vi.waitFor(() => expect(ready).toEqual([1]));
  expect(sent).toEqual([["thread/resume", { threadId: "thr_1", excludeTurns: true }]]);
  sent.length = 0;
  child.markLoaded("thr_2", true);
  become({ kind: "backoff", generation: 1, reason: "closed with 1006" });
  handlers.onLost({ generation: 1, reason: "closed with 1006" });
  expect(child.isLoaded("thr_2")).toBe(false);
  become(readyAs(2));
  expect(ready).toEqual([1]);
  await vi.waitFor(() => expect(ready).toEqual([1, 2]));
  expect(sent.map(([, params]) => (params as { threadId: string }).threadId)).toEqual(["thr_2", "thr_1"]);
  // Not taken as loaded: the next turn resumes it with the session's settings and checks their echo.
  expect(child.isLoaded("thr_2")).toBe(false);
  expect(await eventsAfter()).toEqual([
    { type: "child.gap", data: { generation: 1, lastSeq: 4, reason: "codexd was not running" } },
    { type: "child.ready", data: { generation: 1, version: "0.169.0", external: true } },
    {
      type: "child.gap",
      data: { generation: 2, lastSeq: 6, since: "2026-01-02T03:04:05.000Z", reason: "closed with 1006" },
    },
    { type: "child.ready", data: { generation: 2, version: "0.169.0", external: true } },
  ]);
});

test("a thread that cannot be followed again keeps nobody from being told", async () => {
  const { become, link, ready, lines } = await setUp({ isExternal: true, events: RUNNING });
  link.answer = () => {
    throw new RpcError({ code: -32600, message: "no rollout found for thread id thr_1" });
  };
  become(readyAs(1));
  await vi.waitFor(() => expect(ready).toEqual([1]));
  expect(lines).toContainEqual({ level: "warn", event: "thread.follow.failed" });
});

test("a connection that is lost again while threads are followed is not told as ready", async () => {
  const { become, handlers, ready } = await setUp({ isExternal: true, events: RUNNING });
  become(readyAs(1));
  become({ kind: "backoff", generation: 1, reason: "closed" });
  handlers.onLost({ generation: 1, reason: "closed" });
  become(readyAs(2));
  await vi.waitFor(() => expect(ready).toEqual([2]));
});

test("looking whether a thread is loaded is use of it", async () => {
  const { child } = await setUp({ isExternal: false });
  child.markLoaded("a", true);
  child.markLoaded("b", true);
  const before = child.loadedThreads.find(({ threadId }) => threadId === "a")?.usedAtMs ?? 0;
  await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(before + 1));
  expect([child.isLoaded("a"), child.isLoaded("c")]).toEqual([true, false]);
  expect(child.loadedThreads.map(({ threadId }) => threadId)).toEqual(["b", "a"]);
});
