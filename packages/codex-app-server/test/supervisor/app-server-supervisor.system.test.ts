import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { ChildUnavailableError, RequestTimeoutError } from "../../src/rpc/errors.ts";
import { Supervised, isAlive } from "../support/supervised.ts";

let supervised: Supervised | undefined;
afterEach(() => supervised?.close());

function start(behaviour: string, o: Parameters<typeof Supervised.behaving>[1] = {}): Supervised {
  supervised = Supervised.behaving(behaviour, o);
  void supervised.supervisor.start();
  return supervised;
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "no failure",
    (error: unknown) => error,
  );
}

describe("an ordinary life", () => {
  test("start, ready, a request, stop", async () => {
    const one = start("ready");
    const { supervisor, dir } = one;
    expect(await supervisor.whenReady(10_000)).toBe(true);
    expect(supervisor.state).toMatchObject({ kind: "ready", generation: 1, version: "0.1.2" });
    const reply = await supervisor.request("thread/list", {});
    expect(reply.generation).toBe(1);
    expect((reply.result as unknown as { marker: string }).marker).toMatch(/^test-.*-1$/);
    const { pid = 0 } = supervisor.state;
    const record = JSON.parse(fs.readFileSync(path.join(dir, "child.json"), "utf8")) as Record<string, unknown>;
    expect(record).toMatchObject({ format: 1, generation: 1, live: true, child: { pid } });
    await supervisor.stop();
    expect(isAlive(pid)).toBe(false);
    expect(one.states).toEqual(["starting", "handshaking", "ready", "stopping", "stopped"]);
    expect(one.exits).toMatchObject([{ generation: 1, pid, code: 0, signal: null, reason: "stopped" }]);
    expect(JSON.parse(fs.readFileSync(path.join(dir, "child.json"), "utf8"))).toMatchObject({
      generation: 1,
      live: false,
    });
  });

  test("start and stop are idempotent, stop waits for start, and it can be started again", async () => {
    const { supervisor } = start("ready");
    expect(supervisor.start()).toBe(supervisor.start());
    const stopping = supervisor.stop();
    expect(supervisor.stop()).toBe(stopping);
    await stopping;
    expect(supervisor.state).toEqual({ kind: "stopped", generation: 1 });
    await supervisor.start();
    expect(await supervisor.whenReady(10_000)).toBe(true);
    expect(supervisor.state.generation).toBe(2);
  });

  test("a stop without a start does nothing; a start during a stop comes after it", async () => {
    supervised = Supervised.behaving("ready");
    const { supervisor } = supervised;
    await supervisor.stop();
    expect(supervised.told).toEqual([]);
    await supervisor.start();
    const stopping = supervisor.stop();
    const starting = supervisor.start();
    await stopping;
    await starting;
    expect(await supervisor.whenReady(10_000)).toBe(true);
  });

  test("a generation goes on from that of a predecessor", async () => {
    const first = start("ready");
    await first.supervisor.whenReady(10_000);
    await first.supervisor.stop();
    const second = Supervised.behaving("ready", { dir: first.dir });
    supervised = second;
    void second.supervisor.start();
    await second.untilState("ready");
    expect(second.supervisor.state.generation).toBe(2);
  });

  test("whenReady gives up after its time or when aborted", async () => {
    const { supervisor } = start("silent", { timings: { stopStdinMs: 50 } });
    expect(await supervisor.whenReady(20)).toBe(false);
    const controller = new AbortController();
    const waiting = supervisor.whenReady(60_000, controller.signal);
    controller.abort();
    expect(await waiting).toBe(false);
    expect(await supervisor.whenReady(60_000, controller.signal)).toBe(false);
  });
});

describe("a child that dies", () => {
  test("by SIGKILL with requests pending: they settle, it is a crash, and the next one is ready", async () => {
    const one = start("ready");
    await one.untilState("ready");
    const { supervisor } = one;
    const pending = Promise.all(
      Array.from({ length: 40 }, () => failure(supervisor.request("model/list", {}, { timeoutMs: 60_000 }))),
    );
    const { pid = 0 } = supervisor.state;
    process.kill(pid, "SIGKILL");
    const errors = await pending;
    expect(errors.every((error) => error instanceof ChildUnavailableError)).toBe(true);
    expect(errors.filter((error) => (error as ChildUnavailableError).sent)).toHaveLength(31);
    expect(one.exits).toMatchObject([{ generation: 1, pid, code: null, signal: "SIGKILL", reason: "crash" }]);
    await one.untilState("ready", { generation: 2 });
    expect(supervisor.respond(0, 1, {})).toBe(false);
    expect(supervisor.respond(0, 2, {})).toBe(true);
    expect(supervisor.stats()).toMatchObject({ spawns: 2, restarts: 1, deaths: 1, inFlight: 0 });
  });

  test("what it wrote before is handed on before its exit is told", async () => {
    const one = start("last-words");
    await one.until("the exit", () => one.exits.length === 1);
    const exit = one.told.findIndex(({ kind }) => kind === "exit");
    expect(
      one.told.slice(0, exit).filter((told) => told.kind === "notification" && told.method === "last"),
    ).toHaveLength(200);
  });

  test("a code after it was ready is an exit, never success: it is restarted", async () => {
    const one = start("exit", { argument: "0" });
    await one.untilState("ready", { generation: 2 });
    expect(one.exits[0]).toMatchObject({ code: 0, signal: null, reason: "exit" });
  });

  test("while it is down requests are refused at once and say that nothing was sent", async () => {
    const one = start("die", { timings: { backoffInitialMs: 60_000, backoffMaxMs: 60_000 } });
    await one.untilState("backoff");
    const error = await failure(one.supervisor.request("thread/list", {}));
    expect(error).toMatchObject({ name: "ChildUnavailableError", message: "the app-server is backoff", sent: false });
    expect(one.supervisor.state.retryAtMs ?? 0).toBeGreaterThan(Date.now() + 30_000);
    one.supervisor.recycle("operator asked");
    await one.untilState("ready", { generation: 2 });
  });

  test("the fifth death in the window is degraded, and it recovers by itself when the child is healed", async () => {
    const one = start("die-early", { timings: { backoffInitialMs: 10, backoffMaxMs: 20, degradedRetryMs: 300 } });
    await one.untilState("degraded");
    expect(one.exits).toHaveLength(5);
    expect(one.exits.every(({ reason }) => reason === "crash")).toBe(true);
    expect(one.supervisor.state.reason).toContain("5 deaths within 60000 ms");
    await one.until("the slow retry", () => one.exits.length === 6);
  });

  test("an endless line ends it as oversize", async () => {
    const one = start("oversize", { argument: String(64 * 1024 * 1024 + 1) });
    await one.until("the exit", () => one.exits.length === 1);
    expect(one.exits[0]).toMatchObject({ signal: "SIGKILL", reason: "oversize" });
  });

  test("a child without stdout is of no use and is ended", async () => {
    const one = start("close-stdout");
    await one.until("the exit", () => one.exits.length === 1);
    expect(one.exits[0]).toMatchObject({ signal: "SIGKILL", reason: "crash" });
  });
});

describe("a wrong configuration", () => {
  test.each(["1", "0"])(
    "an exit with code %s before initialize is reported with stderr and not retried in a hot loop",
    async (code) => {
      const one = start("exit-early", { argument: code });
      await one.untilState("degraded");
      expect(one.supervisor.state.reason).toBe(
        `exited with code ${code} before initialize was answered: Error: bad configuration, line 1\nsecond line`,
      );
      expect(one.exits).toMatchObject([
        { code: Number(code), reason: "config", stderrTail: "Error: bad configuration, line 1\nsecond line" },
      ]);
      expect((one.supervisor.state.retryAtMs ?? 0) - Date.now()).toBeGreaterThan(25_000);
      expect(one.supervisor.stats().spawns).toBe(1);
    },
  );

  test("it is ready by itself once the configuration was mended", async () => {
    const mended = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "heal-")), "mended");
    const one = start("heal", { argument: mended, timings: { degradedRetryMs: 100 } });
    await one.untilState("degraded");
    fs.writeFileSync(mended, "");
    await one.untilState("ready");
    expect(one.exits.every(({ reason }) => reason === "config")).toBe(true);
  });

  test.each([
    [
      "a missing command",
      { command: "/no/such/codex" },
      "the app-server (/no/such/codex) could not be started: spawn /no/such/codex ENOENT",
    ],
    [
      "a missing directory",
      { cwd: "/no/such/dir" },
      "the working directory of the app-server does not exist: /no/such/dir",
    ],
    ["a directory as command", { command: "/" }, "the app-server (/) could not be started: spawn / EACCES"],
  ])("%s is degraded with a sentence for the operator", async (_name, options, reason) => {
    const one = start("ready", options);
    await one.supervisor.start();
    expect(one.supervisor.state).toMatchObject({ kind: "degraded", generation: 1, reason });
    expect(one.exits).toEqual([]);
  });

  test.each([
    ["refuse", "initialize was refused: protocol 9 wanted"],
    ["odd-reply", 'initialize was answered with {"serverInfo":"new style"}'],
  ])("a protocol we do not know (%s) is degraded with its words", async (behaviour, reason) => {
    const one = start(behaviour);
    await one.untilState("degraded");
    expect(one.supervisor.state.reason).toBe(reason);
    expect(one.exits).toMatchObject([{ signal: "SIGKILL", reason: "config" }]);
  });
});

describe("a child that hangs", () => {
  test("in the handshake is killed after readyMs and tried again", async () => {
    const one = start("silent", { timings: { readyMs: 200 } });
    await one.until("two exits", () => one.exits.length === 2);
    expect(one.exits[0]).toMatchObject({ signal: "SIGKILL", reason: "hung" });
    expect(one.states).toContain("backoff");
  });

  test("stopped by SIGSTOP is found by the probe, killed, and the next one is ready", async () => {
    const one = start("ready", { timings: { probeIntervalMs: 50, probeTimeoutMs: 100 } });
    await one.untilState("ready");
    const { pid = 0 } = one.supervisor.state;
    process.kill(pid, "SIGSTOP");
    const asked = failure(one.supervisor.request("thread/list", {}, { timeoutMs: 100 }));
    expect(await asked).toBeInstanceOf(RequestTimeoutError);
    await one.untilState("ready", { generation: 2 });
    expect(one.exits).toMatchObject([{ pid, signal: "SIGKILL", reason: "hung" }]);
    expect(one.supervisor.stats().probeMisses).toBe(3);
    expect(isAlive(pid)).toBe(false);
  });

  test("a pause that we asked for is no hang: deadlines and probes stand still, nothing is lost", async () => {
    const one = start("ready", { timings: { probeIntervalMs: 20, probeTimeoutMs: 60 } });
    await one.untilState("ready");
    const { supervisor } = one;
    supervisor.pauseReading();
    const reply = supervisor.request("thread/read", { threadId: "t" }, { timeoutMs: 500 });
    await delay(700); // longer than every deadline and three probes: what must not happen has no event
    expect(supervisor.state).toMatchObject({ kind: "ready", generation: 1 });
    expect(one.notifications("delta")).toHaveLength(0);
    supervisor.resumeReading();
    await reply;
    expect(one.notifications("delta").map(({ params }) => (params as { count: number }).count)).toEqual(
      Array.from({ length: 5_000 }, (_, index) => index),
    );
  });
});

describe("a pause", () => {
  test("while the child dies keeps what it had written: it comes at the resume, and only then the exit", async () => {
    const one = start("ready", { timings: { backoffInitialMs: 60_000, backoffMaxMs: 60_000 } });
    await one.untilState("ready");
    const { supervisor } = one;
    const { pid = 0 } = supervisor.state;
    supervisor.pauseReading();
    const reply = failure(supervisor.request("thread/read", { threadId: "t" }));
    await delay(500); // the child fills the pipe meanwhile; nothing tells us when
    process.kill(pid, "SIGKILL");
    await delay(500); // longer than a drain that does not wait
    expect([one.exits, one.notifications("delta")]).toEqual([[], []]);
    supervisor.resumeReading();
    expect(await reply).toMatchObject({ name: "ChildUnavailableError", sent: true });
    expect(one.notifications("delta").length).toBeGreaterThan(500);
    expect(one.told.filter(({ kind }) => kind === "notification" || kind === "exit").at(-1)).toMatchObject({
      kind: "exit",
    });
  });

  test("while the child dies keeps even a single last line", async () => {
    const one = start("ready", { timings: { backoffInitialMs: 60_000, backoffMaxMs: 60_000 } });
    await one.untilState("ready");
    const { supervisor } = one;
    supervisor.pauseReading();
    const reply = supervisor.request("thread/list", {});
    await delay(300); // the answer is in the pipe by then; nothing tells us when
    process.kill(supervisor.state.pid ?? 0, "SIGKILL");
    await delay(500);
    expect(one.exits).toEqual([]);
    supervisor.resumeReading();
    expect((await reply).result.data).toEqual([]);
    await one.until("the exit", () => one.exits.length === 1);
  });

  test("during back-off holds for the next child too, and its handshake does not time out", async () => {
    const one = start("ready", { timings: { readyMs: 300 } });
    await one.untilState("ready");
    process.kill(one.supervisor.state.pid ?? 0, "SIGKILL");
    await one.untilState("backoff");
    one.supervisor.pauseReading();
    await one.untilState("handshaking", { generation: 2 });
    await delay(600);
    expect(one.supervisor.state).toMatchObject({ kind: "handshaking", generation: 2 });
    one.supervisor.resumeReading();
    await one.untilState("ready", { generation: 2 });
    expect(one.exits).toHaveLength(1);
  });
});

describe("the stop ladder", () => {
  test("a child that ignores stdin and SIGTERM is killed after both waits", async () => {
    const one = start("stubborn", { timings: { stopStdinMs: 100, stopTermMs: 150 } });
    await one.untilState("ready");
    const { pid = 0 } = one.supervisor.state;
    await one.supervisor.stop();
    expect(one.notifications("sigterm ignored")).toHaveLength(1);
    expect(one.exits).toMatchObject([{ pid, signal: "SIGKILL", reason: "stopped" }]);
    expect(isAlive(pid)).toBe(false);
  });

  test("a stopped (SIGSTOP) child is stopped too", async () => {
    const one = start("ready", { timings: { stopStdinMs: 50, stopTermMs: 50 } });
    await one.untilState("ready");
    process.kill(one.supervisor.state.pid ?? 0, "SIGSTOP");
    await one.supervisor.stop();
    expect(one.exits).toMatchObject([{ signal: "SIGKILL", reason: "stopped" }]);
  });

  test("a stop while reading is paused does not wait for the reader", async () => {
    const one = start("ready", { timings: { stopStdinMs: 100 } });
    await one.untilState("ready");
    one.supervisor.pauseReading();
    void one.supervisor.request("thread/read", { threadId: "t" }).catch(() => undefined);
    await one.supervisor.stop();
    expect(one.supervisor.state.kind).toBe("stopped");
  });

  test("a stop during back-off needs no child", async () => {
    const one = start("die", { timings: { backoffInitialMs: 60_000, backoffMaxMs: 60_000 } });
    await one.untilState("backoff");
    await one.supervisor.stop();
    expect(one.supervisor.state).toEqual({ kind: "stopped", generation: 1 });
  });
});

describe("recycling", () => {
  test("waits for idle, then replaces the child gently and at once", async () => {
    let idle = false;
    const one = start("ready", { isIdle: () => idle });
    await one.untilState("ready");
    one.supervisor.recycle("new configuration");
    expect(one.supervisor.state).toMatchObject({ kind: "ready", recycling: "new configuration" });
    await one.supervisor.request("thread/list", {});
    expect(one.supervisor.state.generation).toBe(1);
    idle = true;
    await one.untilState("ready", { generation: 2 });
    expect(one.exits).toMatchObject([{ code: 0, reason: "recycle" }]);
    expect(one.supervisor.state.recycling).toBeUndefined();
  });

  test("restart waits for nobody: the next child comes at once, and from a back-off too", async () => {
    const one = start("ready", { isIdle: () => false });
    await one.untilState("ready");
    one.supervisor.restart("operator asked");
    await one.untilState("ready", { generation: 2 });
    expect(one.exits).toMatchObject([{ code: 0, reason: "recycle" }]);
    const down = start("die-early", { timings: { backoffInitialMs: 60_000, backoffMaxMs: 60_000 } });
    await down.untilState("backoff");
    down.supervisor.restart("operator asked");
    await down.until("the second death", () => down.exits.length === 2);
    expect(down.exits[1]).toMatchObject({ generation: 2 });
  });

  test("a child over the memory limit is recycled; one that is never idle, after the longest wait", async () => {
    const one = start("fat", {
      memoryLimitBytes: 500_000_000,
      isIdle: () => false,
      timings: { probeIntervalMs: 50, recycleWaitMs: 300 },
    });
    await one.until("the exit", () => one.exits.length === 1);
    expect(one.exits[0]).toMatchObject({ code: 0, reason: "memory" });
    await one.untilState("ready", { generation: 2 });
    const recycling = one.told.flatMap((told) => (told.kind === "state" ? [told.state.recycling] : []));
    expect(recycling).toContain("resident memory of 1000000000 bytes is over the limit of 500000000");
  });
});

test("64 MiB of stderr neither stall the child nor stay in memory", async () => {
  const one = start("stderr-flood");
  await one.until("the flood", () => one.notifications("flooded").length === 1);
  expect(one.told.filter(({ kind }) => kind === "stderr")).toHaveLength(65_536);
});
