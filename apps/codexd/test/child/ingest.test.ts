import { describe, expect, test } from "vitest";
import { FileChanges } from "../../src/child/file-changes.ts";
import { Ingest } from "../../src/child/ingest.ts";
import { UsageMeter } from "../../src/events/usage-meter.ts";
import { Journal } from "../../src/journal/journal.ts";
import { Registries } from "../../src/registry/registries.ts";
import { FakeLog } from "../support/fake-log.ts";
import { AT } from "../support/journal.ts";
import { event, itemCompleted, itemStarted, RUNNING } from "../support/records.ts";

const setUp = () => {
  const log = new FakeLog();
  const registries = new Registries();
  const journal = new Journal({ log: log.port, registries, now: () => AT });
  journal.append(RUNNING);
  const before = log.batches.length;
  const coalesced: string[] = [];
  const resolved: unknown[] = [];
  const usage = new UsageMeter();
  const ingest = new Ingest({
    journal,
    context: { registries, usage, newTurnId: () => "turn_new", nowMs: () => 0 },
    redact: (value) => JSON.parse(JSON.stringify(value).replaceAll("TOKEN", "***")) as typeof value,
    onCoalesced: (notification) => coalesced.push(notification.method),
    onRequestResolved: (requestId) => resolved.push(requestId),
  });
  const batches = () => log.batches.slice(before).map(({ types }) => types);
  const delta = (text: string) =>
    ingest.notification({
      method: "item/agentMessage/delta",
      params: { threadId: "thr_1", turnId: "ctx_1", itemId: "a1", delta: text },
    });
  const item = (method: string) =>
    ingest.notification({
      method,
      params: { threadId: "thr_1", turnId: "ctx_1", item: { id: "a1", type: "agentMessage", text: "" } },
    });
  const completed = () =>
    ingest.notification({
      method: "turn/completed",
      params: { threadId: "thr_1", turn: { id: "ctx_1", status: "completed" } },
    });
  return { log, journal, registries, usage, ingest, batches, coalesced, resolved, delta, item, completed };
};

describe("the child's notifications on their way into the log", () => {
  test("deltas of one chunk become one write, at its end", () => {
    const { delta, ingest, batches } = setUp();
    delta("a");
    delta("b");
    expect(batches()).toEqual([]);
    ingest.flush();
    ingest.flush();
    expect(batches()).toEqual([["item.delta", "item.delta"]]);
  });

  test("anything else is written at once, behind the deltas that came before it", () => {
    const { delta, item, batches } = setUp();
    delta("a");
    item("item/completed");
    expect(batches()).toEqual([["item.delta"], ["item.completed"]]);
  });

  test("the next line may depend on it: an end closes the item of the line before", () => {
    const { item, completed, batches } = setUp();
    item("item/started");
    completed();
    expect(batches()).toEqual([["item.started"], ["item.discarded", "turn.completed"]]);
  });

  test("secrets are replaced before anything is appended", () => {
    const { delta, ingest, log } = setUp();
    delta("a TOKEN b");
    ingest.notification({ method: "x", params: { TOKEN: "TOKEN" } });
    expect(log.appended.slice(-2).map(({ data }) => data)).toEqual([
      { itemId: "a1", channel: "text", delta: "a *** b" },
      { method: "x", params: { "***": "***" } },
    ]);
  });

  test("chatter is counted and not written", () => {
    const { ingest, coalesced, batches } = setUp();
    for (const method of ["thread/status/changed", "thread/readState/changed", "account/rateLimits/updated"])
      ingest.notification({ method, params: { threadId: "thr_1" } });
    expect(coalesced).toEqual(["thread/status/changed", "thread/readState/changed", "account/rateLimits/updated"]);
    expect(batches()).toEqual([]);
  });

  test("a request that needs no answer any more is told on, behind what came before it", () => {
    const { ingest, delta, resolved, batches } = setUp();
    delta("a");
    ingest.notification({ method: "serverRequest/resolved", params: { threadId: "thr_1", requestId: 0 } });
    ingest.notification({ method: "serverRequest/resolved", params: { garbage: true } });
    expect(resolved).toEqual([0]);
    expect(batches()).toEqual([["item.delta"]]);
  });

  test("methods named like properties of every object are written as they came", () => {
    const { ingest, batches } = setUp();
    for (const method of ["constructor", "toString", "__proto__"]) ingest.notification({ method, params: {} });
    expect(batches()).toEqual([["codex.notification"], ["codex.notification"], ["codex.notification"]]);
  });

  test("a full disk: everything comes later in the order of its lines, decided anew", () => {
    const { log, delta, item, completed, ingest, batches } = setUp();
    log.room = 0;
    delta("a");
    item("item/started");
    delta("b");
    delta("c");
    completed();
    ingest.flush();
    expect(batches()).toEqual([]);
    log.free();
    expect(batches()).toEqual([
      ["item.delta"],
      ["item.started"],
      ["item.delta"],
      ["item.delta"],
      ["item.discarded", "turn.completed"],
    ]);
  });

  test("the usage of a turn that has ended is not kept in memory", () => {
    const { ingest, completed, usage } = setUp();
    const tokens = { totalTokens: 1, inputTokens: 1, cachedInputTokens: 0, outputTokens: 0, reasoningOutputTokens: 0 };
    ingest.notification({
      method: "thread/tokenUsage/updated",
      params: { threadId: "thr_1", turnId: "ctx_1", tokenUsage: { total: tokens, last: tokens } },
    });
    expect(usage.current("turn_1")).toBeDefined();
    completed();
    expect(usage.current("turn_1")).toBeUndefined();
  });
});

test("the patch of a file change is known from its beginning to its end", () => {
  const log = new FakeLog();
  const journal = new Journal({ log: log.port, registries: new Registries(), now: () => AT });
  const changes = new FileChanges(journal);
  const patch = [{ path: "a", diff: "+b" }];
  journal.append([
    ...RUNNING,
    itemStarted("f1", "fileChange", { changes: patch }),
    itemStarted("f2", "fileChange", { changes: patch }),
    itemStarted("c1", "commandExecution", { changes: patch }),
  ]);
  expect(changes.of("f1")).toBe(patch);
  expect(changes.of("c1")).toBeUndefined();
  journal.append([itemCompleted("f1", "fileChange"), event("item.discarded", { itemId: "f2", reason: "ended" })]);
  expect([changes.of("f1"), changes.of("f2")]).toEqual([undefined, undefined]);
});
