import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GENERATED_FROM_CODEX } from "../../src/generated/codex-version.ts";
import { resolveCodexCommand } from "../../src/supervisor/resolve-codex-command.ts";
import type { SupervisorTimings } from "../../src/supervisor/types.ts";
import { Supervised, isAlive } from "../support/supervised.ts";

const ROOT = fileURLToPath(new URL("../../../../package.json", import.meta.url));
const WRAPPER = path.join(path.dirname(createRequire(ROOT).resolve("@openai/codex/package.json")), "bin", "codex.js");
const CODEX = resolveCodexCommand(WRAPPER, {});

let home: string;
let supervised: Supervised | undefined;
beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), "codex-home-"));
});
afterEach(async () => {
  await supervised?.close();
  supervised = undefined;
  fs.rmSync(home, { recursive: true, force: true });
});

function codex(
  o: { args?: string[]; timings?: Partial<SupervisorTimings>; env?: Record<string, string> } = {},
): Supervised {
  supervised = new Supervised({
    command: CODEX.command,
    args: ["app-server", "--disable", "plugins", ...(o.args ?? [])],
    env: { PATH: process.env["PATH"] ?? "", HOME: home, CODEX_HOME: home, LOG_FORMAT: "json", ...o.env },
    ...(o.timings === undefined ? {} : { timings: o.timings }),
  });
  void supervised.supervisor.start();
  return supervised;
}

test("the pinned wrapper leads to a native binary of the version that our types were made from", async () => {
  expect(CODEX.native).toBe(true);
  const one = codex();
  expect(await one.supervisor.whenReady(15_000)).toBe(true);
  expect(one.supervisor.state).toMatchObject({ kind: "ready", generation: 1, version: GENERATED_FROM_CODEX });
});

test("requests of several kinds are answered as their types say; odd text does not make it silent", async () => {
  const one = codex();
  await one.untilState("ready");
  const { supervisor } = one;
  const { pid = 0 } = supervisor.state;
  const diagnostics = await supervisor.request("server/diagnostics", {});
  expect(diagnostics.result.process.id).toBe(pid);
  expect((await supervisor.request("account/read", {})).result).toMatchObject({ account: null });
  const { thread, cwd } = (await supervisor.request("thread/start", { cwd: home, sandbox: "read-only" })).result;
  expect([thread.id.length, cwd]).toEqual([36, home]);
  expect((await supervisor.request("thread/loaded/list", {})).result.data).toEqual([thread.id]);
  await supervisor.request("thread/name/set", { threadId: thread.id, name: "cut emoji \ud83d and \u2028 中文" });
  const read = await supervisor.request("thread/read", { threadId: thread.id });
  expect(read.result.thread.name).toBe("cut emoji \ufffd and \u2028 中文");
  await expect(supervisor.request("thread/read", { threadId: "no-such-thread" })).rejects.toMatchObject({
    name: "RpcError",
    code: -32600,
  });
});

test("200 parallel reads are all answered, though Codex queues only about 128", async () => {
  const one = codex();
  await one.untilState("ready");
  const replies = await Promise.all(Array.from({ length: 200 }, () => one.supervisor.request("thread/list", {})));
  expect(replies.every(({ result }) => Array.isArray(result.data))).toBe(true);
  expect(one.supervisor.stats()).toMatchObject({ timeouts: 0, unknownReplies: 0, inFlight: 0 });
});

describe("deaths", () => {
  test("SIGKILL: the next one is ready within seconds and knows the home", async () => {
    const one = codex();
    await one.untilState("ready");
    process.kill(one.supervisor.state.pid ?? 0, "SIGKILL");
    await one.untilState("ready", { generation: 2 });
    expect(one.exits).toMatchObject([{ signal: "SIGKILL", reason: "crash" }]);
    await one.supervisor.request("thread/list", {});
  });

  test("SIGSTOP: the probe finds out, SIGKILL works on it, the next one is ready", async () => {
    const one = codex({ timings: { probeIntervalMs: 100, probeTimeoutMs: 200 } });
    await one.untilState("ready");
    process.kill(one.supervisor.state.pid ?? 0, "SIGSTOP");
    await one.untilState("ready", { generation: 2 });
    expect(one.exits).toMatchObject([{ signal: "SIGKILL", reason: "hung" }]);
  });

  test("a wrong -c is degraded with Codex's own words and one spawn", async () => {
    const one = codex({ args: ["-c", 'model_providers.x={wire_api="chat"}'] });
    await one.untilState("degraded");
    expect(one.exits).toMatchObject([{ code: 1, reason: "config" }]);
    expect(one.supervisor.state.reason).toMatch(/^exited with code 1 before initialize was answered: .*Error/s);
    expect(one.supervisor.stats().spawns).toBe(1);
  });

  test("commands that it started in sessions of their own are gone after its SIGKILL", async () => {
    const one = codex();
    await one.untilState("ready");
    const file = path.join(home, "pid");
    // `command/exec` is not in the map of requests that codexd sends: only this test uses it.
    const { supervisor } = one as unknown as {
      supervisor: { request(method: string, params: unknown): Promise<unknown> };
    };
    const script = `setsid sleep 987 & echo $! > ${file}.tmp; mv ${file}.tmp ${file}; sleep 987`;
    const params = {
      command: ["bash", "-c", script],
      cwd: home,
      sandboxPolicy: { type: "dangerFullAccess" },
      disableTimeout: true,
    };
    const pending = supervisor.request("command/exec", params).catch((error: unknown) => error);
    const written = new Promise<void>((resolve) => {
      const watcher = fs.watch(home, (_event, name) => {
        if (name !== "pid" || !fs.existsSync(file)) return;
        watcher.close();
        resolve();
      });
    });
    const early = await Promise.race([written, pending]);
    expect(early).toBeUndefined();
    const sleeper = Number(fs.readFileSync(file, "utf8"));
    expect(isAlive(sleeper)).toBe(true);
    process.kill(one.supervisor.state.pid ?? 0, "SIGKILL");
    await one.untilState("ready", { generation: 2 });
    expect(isAlive(sleeper)).toBe(false);
    const reaped = one.told.flatMap((told) => (told.kind === "reaped" ? told.killed.map(({ pid }) => pid) : []));
    expect(reaped).toContain(sleeper);
  });
});

test("a stop ends it by the end of its stdin, with code 0", async () => {
  const one = codex();
  await one.untilState("ready");
  const { pid = 0 } = one.supervisor.state;
  await one.supervisor.stop();
  expect(one.exits).toMatchObject([{ pid, code: 0, signal: null, reason: "stopped" }]);
  expect(isAlive(pid)).toBe(false);
});
