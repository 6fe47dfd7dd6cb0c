import { expect, test } from "vitest";
import { pino } from "pino";

import { type Clock, type Component, createLifecycle } from "../src/index.ts";

const logger = pino({ level: "silent" });

interface Script {
  start?: () => Promise<void> | void;
  stop?: () => Promise<void> | void;
}

function parts(scripts: Record<string, Script>): { components: Component[]; calls: string[] } {
  const calls: string[] = [];
  const components = Object.entries(scripts).map(([name, script]) => ({
    name,
    async start() {
      calls.push(`${name}+`);
      await script.start?.();
    },
    async stop() {
      calls.push(`${name}-`);
      await script.stop?.();
    },
  }));
  return { components, calls };
}

function fail(message: string): () => never {
  return () => {
    throw new Error(message);
  };
}

function gate(): { promise: Promise<void>; open: () => void } {
  let open!: () => void;
  const promise = new Promise<void>((resolve) => (open = resolve));
  return { promise, open };
}

test("starts in order and stops in reverse", async () => {
  const { components, calls } = parts({ log: {}, child: {}, http: {} });
  const lifecycle = createLifecycle({ components, logger, stopBudgetMs: 1000 });
  await lifecycle.start();
  await lifecycle.stop("test");
  expect(calls).toEqual(["log+", "child+", "http+", "http-", "child-", "log-"]);
});

test("every call gets the same promise and nothing runs twice", async () => {
  const { components, calls } = parts({ log: {} });
  const lifecycle = createLifecycle({ components, logger, stopBudgetMs: 1000 });
  expect(lifecycle.start()).toBe(lifecycle.start());
  await lifecycle.start();
  expect(lifecycle.stop("one")).toBe(lifecycle.stop("two"));
  await lifecycle.stop("three");
  expect(calls).toEqual(["log+", "log-"]);
});

test("a start that fails stops what had started and rethrows that failure", async () => {
  const { components, calls } = parts({
    log: { stop: fail("log stays") },
    child: { start: fail("no child") },
    http: {},
  });
  const lifecycle = createLifecycle({ components, logger, stopBudgetMs: 1000 });
  await expect(lifecycle.start()).rejects.toThrow("no child");
  expect(calls).toEqual(["log+", "child+", "log-"]);
  await lifecycle.stop("test");
  expect(calls).toEqual(["log+", "child+", "log-"]);
});

test("stop while starting waits for the part at hand, starts no more, then stops", async () => {
  const child = gate();
  const { components, calls } = parts({ log: {}, child: { start: () => child.promise }, http: {} });
  const lifecycle = createLifecycle({ components, logger, stopBudgetMs: 1000 });
  const started = lifecycle.start();
  const stopped = lifecycle.stop("SIGTERM");
  child.open();
  await started;
  await stopped;
  expect(calls).toEqual(["log+", "log-"]);
});

test("stop while the second part starts stops both", async () => {
  const child = gate();
  const entered = gate();
  const { components, calls } = parts({
    log: {},
    child: {
      start: () => {
        entered.open();
        return child.promise;
      },
    },
    http: {},
  });
  const lifecycle = createLifecycle({ components, logger, stopBudgetMs: 1000 });
  const started = lifecycle.start();
  await entered.promise;
  const stopped = lifecycle.stop("SIGTERM");
  child.open();
  await Promise.all([started, stopped]);
  expect(calls).toEqual(["log+", "child+", "child-", "log-"]);
});

test("stop before start: start does nothing", async () => {
  const { components, calls } = parts({ log: {} });
  const lifecycle = createLifecycle({ components, logger, stopBudgetMs: 1000 });
  await lifecycle.stop("test");
  await lifecycle.start();
  expect(calls).toEqual([]);
});

test("a stop that fails does not keep the others from being told; all failures come out", async () => {
  const { components, calls } = parts({ log: { stop: fail("disk") }, child: {}, http: { stop: fail("port") } });
  const lifecycle = createLifecycle({ components, logger, stopBudgetMs: 1000 });
  await lifecycle.start();
  const failure = await lifecycle.stop("test").then(
    () => undefined,
    (error: unknown) => error as AggregateError,
  );
  expect(failure).toBeInstanceOf(AggregateError);
  expect(failure?.errors.map((error: Error) => error.message)).toEqual([
    "http failed to stop: port",
    "log failed to stop: disk",
  ]);
  expect(calls.slice(3)).toEqual(["http-", "child-", "log-"]);
});

test("a part that overruns the budget is left behind, and those after it still get their call", async () => {
  const { components, calls } = parts({ log: {}, child: { stop: () => new Promise(() => {}) } });
  let nowMs = 0;
  const clock: Clock = {
    wallMs: () => nowMs,
    monoMs: () => nowMs,
    async sleep(ms) {
      nowMs += ms;
    },
  };
  const lifecycle = createLifecycle({ components, logger, stopBudgetMs: 500, clock });
  await lifecycle.start();
  await expect(lifecycle.stop("test")).rejects.toMatchObject({
    errors: expect.arrayContaining([
      expect.objectContaining({ message: "child did not stop in the time that was left (500 ms)" }),
    ]),
  });
  expect(calls).toEqual(["log+", "child+", "child-", "log-"]);
});
