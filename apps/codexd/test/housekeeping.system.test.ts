import fs from "node:fs";
import path from "node:path";
import { CodexdStatus } from "@baa/contracts";
import { type Codexd, codexPlay, type Play } from "@baa/test-kit";
import { describe, expect, test } from "vitest";
import { createSession, readSession, readTurn, runTurn } from "./support/drive.ts";
import { startExternalServer } from "./support/external-server.ts";
import { NO_PROBES, startFakeSystem } from "./support/fake-system.ts";
import { startSystem } from "./support/system.ts";
import { waitHealth, waitReadyz } from "./support/waiting.ts";

const MIB = 1024 * 1024;
/** Codex frees a thread at once when nobody is subscribed to it; by itself it waits a minute. */
const FREE_AT_ONCE = "app-server --disable shell_snapshot -c thread_unload_delay_secs=0";

/** Value of a metric, by its name with labels as they stand there; undefined when it is not there. */
const metric = async (codexd: Codexd, name: string): Promise<number | undefined> => {
  const { text } = await codexd.request("GET", "/v1/codexd/metrics");
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
};
const CLOSED = 'codexd_notifications_coalesced_total{method="thread/closed"}';

describe("threads that nobody uses", () => {
  test("are freed by Codex, nothing a user sees changes, and the next turn goes on in the same thread", async (t) => {
    const env = { BAA_CODEXD_THREAD_IDLE_MS: "1000", BAA_CODEXD_SERVER_ARGS: FREE_AT_ONCE };
    const system = await startSystem(t, { env });
    const { codexd, ledger, provider } = system;
    const session = await createSession(system);
    const first = await runTurn(system, session.id, "idle-1");
    const before = await readSession(system, session.id);
    const { seq } = ledger.events().at(-1) ?? { seq: 0 };
    await waitHealth(codexd, async () => ((await metric(codexd, CLOSED)) ?? 0) >= 1, 20_000);
    expect(await metric(codexd, "codexd_threads_loaded")).toBe(0);
    expect(await readSession(system, session.id)).toEqual(before);
    expect(before.state).toBe("idle");
    expect(ledger.events().filter((event) => event.seq > seq)).toEqual([]);
    expect((await runTurn(system, session.id, "idle-2")).text).toBe("You said: idle-2");
    expect((await readSession(system, session.id)).threadId).toBe(before.threadId);
    expect(await metric(codexd, "codexd_threads_loaded")).toBe(1);
    // The model was shown what was said before.
    const requests = JSON.stringify(provider.requests().at(-1));
    expect(requests).toContain("idle-1");
    expect((await readTurn(system, first)).text).toBe("You said: idle-1");
    await ledger.assertConsistent();
  });

  test("turns that come just as their thread is freed all end well", { timeout: 120_000 }, async (t) => {
    const env = { BAA_CODEXD_THREAD_IDLE_MS: "1", BAA_CODEXD_SERVER_ARGS: FREE_AT_ONCE };
    const system = await startSystem(t, { env });
    const sessions = await Promise.all([createSession(system), createSession(system), createSession(system)]);
    const run = async (sessionId: string, pauseMs: number): Promise<void> => {
      for (let round = 0; round < 8; round += 1) {
        const turn = await runTurn(system, sessionId, `race-${round}`);
        expect([turn.state, turn.error]).toEqual(["completed", undefined]);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    };
    await Promise.all(sessions.map(({ id }, index) => run(id, 90 + 80 * index)));
    expect((await metric(system.codexd, CLOSED)) ?? 0).toBeGreaterThan(0);
    await system.ledger.assertConsistent();
  });

  test("stay while a command of theirs runs in the background", async (t) => {
    const env = { BAA_CODEXD_THREAD_IDLE_MS: "300", BAA_CODEXD_SERVER_ARGS: FREE_AT_ONCE };
    const system = await startSystem(t, { env });
    const session = await createSession(system);
    const idle = await createSession(system);
    await runTurn(system, session.id, '[[tool: exec_command {"cmd": "sleep 300", "yield_time_ms": 250}]]');
    await runTurn(system, idle.id, "plain");
    await waitHealth(system.codexd, async () => (await metric(system.codexd, CLOSED)) === 1, 20_000);
    await new Promise((resolve) => setTimeout(resolve, 1500)); // several more sweeps
    expect(await metric(system.codexd, "codexd_threads_loaded")).toBe(1);
    expect((await runTurn(system, session.id, "still")).state).toBe("completed");
  });

  test("are few: above the cap those of longest ago are freed", async (t) => {
    const env = { BAA_CODEXD_THREADS_LOADED_MAX: "2", BAA_CODEXD_THREAD_IDLE_MS: "2000" };
    const args = { BAA_CODEXD_SERVER_ARGS: FREE_AT_ONCE };
    const system = await startSystem(t, { env: { ...env, ...args } });
    for (let count = 0; count < 4; count += 1) {
      await runTurn(system, (await createSession(system)).id, `cap-${count}`);
    }
    await waitHealth(system.codexd, async () => ((await metric(system.codexd, "codexd_threads_loaded")) ?? 9) <= 2);
  });
});

describe("Codex's own log", () => {
  const grow = (file: string): void => fs.truncateSync(file, 3 * MIB);

  test("is set aside before a start when it is over its limit, one former one is kept", async (t) => {
    const system = await startSystem(t, { env: { BAA_CODEXD_CODEX_LOGS_MAX_MIB: "1" } });
    const { codexd, ledger } = system;
    const logs = path.join(codexd.layout.codexHome, "logs_2.sqlite");
    const sizeOf = (file: string): number => fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    const session = await createSession(system);
    await runTurn(system, session.id, "log-1");
    expect(fs.existsSync(`${logs}.former`)).toBe(false);
    await codexd.stop();
    grow(logs);
    await codexd.start();
    expect(sizeOf(`${logs}.former`)).toBe(3 * MIB);
    expect(sizeOf(logs)).toBeLessThan(MIB);
    expect((await runTurn(system, session.id, "log-2")).text).toBe("You said: log-2");
    // A child that dies while codexd lives is a start too.
    const inode = fs.statSync(logs).ino;
    process.kill(await codexd.childPid(), "SIGSTOP");
    grow(logs);
    process.kill(await codexd.childPid(), "SIGKILL");
    await ledger.waitFor((event) => event.type === "child.ready" && event.data["generation"] === 3);
    expect(fs.statSync(`${logs}.former`).ino).toBe(inode);
    expect(fs.readdirSync(codexd.layout.codexHome).filter((name) => name.startsWith("logs_2.sqlite.former"))).toSatisfy(
      (names: string[]) => names.every((name) => /^logs_2\.sqlite\.former(-wal|-shm)?$/.test(name)),
    );
    expect((await runTurn(system, session.id, "log-3")).text).toBe("You said: log-3");
  });

  test("is left alone while another app-server has it open, and the child starts all the same", async (t) => {
    const system = await startSystem(t, { env: { BAA_CODEXD_CODEX_LOGS_MAX_MIB: "1" } });
    const { codexd } = system;
    const { codexHome } = codexd.layout;
    const logs = path.join(codexHome, "logs_2.sqlite");
    await codexd.stop();
    const other = await startExternalServer({ test: t, codexHome, listen: "ws" });
    grow(logs);
    await codexd.start();
    const said = codexd
      .output()
      .split("\n")
      .filter((line) => line.includes('"event":"codex.logs.rotated"'));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(`"kind":"held"`);
    expect(said[0]).toContain(`"pids":[${other.pid}]`);
    expect(fs.existsSync(`${logs}.former`)).toBe(false);
  });
});

test("memory of the child and disk of its home are in the metrics, measured in the background", async (t) => {
  const system = await startSystem(t, { env: { BAA_CODEXD_PROBE_INTERVAL_MS: "200" } });
  const { codexd } = system;
  await runTurn(system, (await createSession(system)).id, "measure");
  const part = (name: string) => metric(codexd, `codexd_codex_home_bytes{part="${name}"}`);
  await waitHealth(codexd, async () => ((await part("sessions")) ?? 0) > 0, 20_000);
  expect((await part("logs")) ?? 0).toBeGreaterThan(4096);
  expect((await part("other")) ?? 0).toBeGreaterThan(4096);
  expect((await metric(codexd, "codexd_child_memory_bytes")) ?? 0).toBeGreaterThan(10 * MIB);
});

describe("the version of Codex", () => {
  const ofVersion = (version: string): Play =>
    codexPlay({}, { initialize: [{ reply: { userAgent: `codexd/${version} (Fake; x86_64) t (codexd; 0)` } }] });

  test(
    "an older one than ran before is refused by name, asked nothing but initialize, and not started in a hot loop",
    { timeout: 120_000 },
    async (t) => {
      const { codexd, child, ledger } = await startFakeSystem(t, { plays: [ofVersion("0.169.0")], env: NO_PROBES });
      const status = async () => CodexdStatus.parse((await codexd.request("GET", "/v1/codexd/status")).json).child;
      expect(await status()).toMatchObject({
        version: "0.169.0",
        protocolVersion: "0.169.0",
        newestVersion: "0.169.0",
      });
      child.setPlays([ofVersion("0.142.0")]);
      const asked = child.received().length;
      await codexd.restart({ signal: "SIGKILL", until: "listening" });
      const words = "Codex 0.142.0 is older than 0.169.0";
      const degraded = await ledger.waitFor((event) => event.type === "child.degraded");
      expect(degraded.data["reason"]).toContain(words);
      const [message] = await waitReadyz(codexd, "child_not_ready");
      expect(message).toContain(words);
      expect(message).toContain("BAA_CODEXD_ALLOW_DOWNGRADE=1");
      await new Promise((resolve) => setTimeout(resolve, 2000));
      expect(child.spawns()).toHaveLength(2);
      expect(
        child
          .received()
          .slice(asked)
          .map(({ method }) => method),
      ).toEqual(["initialize"]);

      await codexd.restart({ env: { BAA_CODEXD_ALLOW_DOWNGRADE: "1" } });
      expect(await status()).toMatchObject({ version: "0.142.0", newestVersion: "0.169.0" });
      await codexd.restart({ until: "listening" });
      await ledger.waitFor((event) => event.type === "child.degraded" && event.data["generation"] === 4);
      child.setPlays([ofVersion("0.170.0")]);
      await codexd.restart();
      expect(await status()).toMatchObject({ version: "0.170.0", newestVersion: "0.170.0" });
      await ledger.assertConsistent();
    },
  );
});
