import { spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import {
  campaignConfig,
  createRandom,
  type Codexd,
  codexPlay,
  createFakeChild,
  type Failpoint,
  isAlive,
  type LedgerEvent,
  switchFailpoints,
  tempRoot,
  waitGone,
} from "@baa/test-kit";
import { describe, expect, test } from "vitest";
import { makeContenders, race } from "./support/contenders.ts";
import {
  createSession,
  problemOf,
  readTurn,
  runTurn,
  shownText,
  startTurn,
  turnPath,
  turnsPath,
  until,
} from "./support/drive.ts";
import { type FakeSystem, makeFakeSystem, NO_PROBES, startFakeSystem } from "./support/fake-system.ts";
import { canMount, putSmallDisk, type SmallDisk } from "./support/small-disk.ts";
import { startSystem } from "./support/system.ts";
import { digestTree, flipByte } from "./support/tree.ts";
import { waitHealth, waitReadyz } from "./support/waiting.ts";

const { isFull, seed } = campaignConfig();
const TIMEOUT_MS = isFull ? 1_800_000 : 180_000;
const MIB = 1024 * 1024;
const SESSIONS = "/v1/codexd/sessions";

const DELTAS = Array.from({ length: 30 }, (_, i) => `delta ${i}; `);
const talking = codexPlay({ deltas: DELTAS, intervalMs: 15 });
/** Says three deltas and then nothing for a minute. */
const silenced = codexPlay({ deltas: DELTAS.slice(0, 3), middle: [{ sleep: 60_000 }] });

/** A codexd on a disk of its own, which goes with the test. */
async function startOnSmallDisk(t: Parameters<typeof startFakeSystem>[0]): Promise<FakeSystem & { disk: SmallDisk }> {
  let disk: SmallDisk | undefined;
  const system = makeFakeSystem({
    plays: [talking],
    env: NO_PROBES,
    switchableFailpoints: !canMount,
    prepare: (codexd) => (disk = putSmallDisk(codexd, 16 * MIB)),
  });
  t.onTestFailed(() => void process.stderr.write(`--- output of codexd ---\n${system.codexd.output()}\n---\n`));
  t.onTestFinished(() => {
    disk?.remove();
    return system.dispose();
  });
  await system.start();
  return { ...system, disk: disk as SmallDisk };
}

/** One point: turns run, the disk is full at some byte of theirs, everything is asked, and space comes back. */
async function fillAt(
  system: FakeSystem & { disk: SmallDisk },
  point: { delta: number; leaveBytes: number },
): Promise<void> {
  const { codexd, ledger, disk } = system;
  const turns = await Promise.all(
    [0, 1, 2].map(async () => startTurn(system, (await createSession(system)).id, "talk")),
  );
  const isDelta = (event: LedgerEvent): boolean =>
    event.turnId === turns[0]?.id && event.data["delta"] === DELTAS[point.delta];
  await ledger.waitFor(isDelta);
  disk.fill(point.leaveBytes);
  const refused = await fillUp(system);
  expect(problemOf(refused)).toEqual({ status: 507, code: "storage_full" });
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
  const [turn] = turns;
  if (turn === undefined) throw new Error("no turn");
  expect(problemOf(await ledger.post(turnsPath(turn.sessionId), { input: "now?" }))).toMatchObject({
    code: expect.stringMatching(/storage_full|turn_active/),
  });
  const reads = [
    SESSIONS,
    `${SESSIONS}/${turn.sessionId}`,
    turnPath(turn),
    "/v1/codexd/events?after=0&limit=50",
    "/v1/codexd/status",
    "/healthz",
  ];
  for (const at of reads) expect([at, (await codexd.request("GET", at)).status]).toEqual([at, 200]);
  await waitReadyz(codexd, "storage_full");
  const before = { head: ledger.lastSeq, pid: await codexd.childPid() };
  disk.free();
  const freedMs = performance.now();
  await waitHealth(codexd, async () => (await ledger.post(SESSIONS)).status === 201);
  expect(performance.now() - freedMs).toBeLessThan(5000);
  for (const each of turns) {
    expect((await ledger.waitForEnd(each.id)).type).toBe("turn.completed");
    expect(shownText(system, each.id)).toBe(DELTAS.join(""));
  }
  expect(await codexd.childPid()).toBe(before.pid);
}

/** Creates sessions, which are kept, until one is refused. */
async function fillUp(system: FakeSystem) {
  for (let i = 0; i < 5000; i += 1) {
    const reply = await system.ledger.post(SESSIONS, { metadata: { pad: "p".repeat(1000) } });
    if (reply.status !== 201) return reply;
  }
  throw new Error("the disk was never full");
}

const LANES = 2;
const POINTS = isFull ? 100 : 6;

describe.concurrent("a disk that fails", () => {
  test.for(Array.from({ length: LANES }, (_, lane) => lane))(
    `full at ${POINTS} points (lane %i): 507 for writes, reads go on, nothing lost, back within 5 s, no restart`,
    { timeout: TIMEOUT_MS },
    async (lane, t) => {
      const system = await startOnSmallDisk(t);
      const random = createRandom(seed + lane);
      for (let point = 0; point < POINTS; point += 1) {
        await fillAt(system, { delta: random.below(DELTAS.length - 5), leaveBytes: 4096 * random.below(6) });
      }
      await system.ledger.assertConsistent();
      expect([system.codexd.lives, system.child.spawns().length]).toEqual([1, 1]);
      const files = digestTree(system.codexd.root.join("runtime"));
      expect(Object.keys(files).filter((name) => name.endsWith(".tmp") || name.endsWith(".damaged"))).toEqual([]);
      await system.codexd.restart({ signal: "SIGKILL" });
      await system.ledger.assertConsistent();
    },
  );

  test("full for longer than a turn may be idle: the turn is not blamed", { timeout: TIMEOUT_MS }, async (t) => {
    const system = await startOnSmallDisk(t);
    const session = await createSession(system);
    const turn = await startTurn(system, session.id, "talk", { idleTimeoutMs: 1000, timeoutMs: 60_000 });
    await system.ledger.waitFor((event) => event.turnId === turn.id && event.data["delta"] === DELTAS[3]);
    system.disk.fill(0);
    expect((await fillUp(system)).status).toBe(507);
    await new Promise((resolve) => setTimeout(resolve, 2500)); // the fault itself lasts this long
    system.disk.free();
    expect((await system.ledger.waitForEnd(turn.id)).type).toBe("turn.completed");
    expect((await readTurn(system, turn)).text).toBe(DELTAS.join(""));
    await system.ledger.assertConsistent();
  });

  const SYNC = process.platform === "linux" ? "fdatasync" : "fsync";
  test.for([[SYNC], ["writeSync"]] as const)(
    "EIO from %s: exit 74, and the next start goes on with all that was acknowledged",
    { timeout: TIMEOUT_MS },
    async ([fn], t) => {
      const system = await startFakeSystem(t, { plays: [talking], env: NO_PROBES, switchableFailpoints: true });
      const { codexd, ledger } = system;
      const turn = await startTurn(system, (await createSession(system)).id, "talk");
      await ledger.waitFor((event) => event.turnId === turn.id && event.data["delta"] === DELTAS[3]);
      const point: Failpoint = { fn, nth: 1, to: Infinity, action: "EIO", path: "events.jsonl" };
      switchFailpoints(codexd.layout.switchFile, [point]);
      const asked = await ledger.post(SESSIONS).catch((error: Error) => error);
      expect(asked instanceof Error ? 0 : asked.status).not.toBe(201);
      expect(await codexd.waitExit()).toEqual({ code: 74, signal: null });
      expect(codexd.output()).toContain("starting again from disk");
      switchFailpoints(codexd.layout.switchFile, []);
      await codexd.start();
      const end = await ledger.waitForEnd(turn.id);
      expect([end.type, end.data["reason"] ?? end.data["error"]]).toEqual(["turn.interrupted", "child_exited"]);
      expect((await runTurn(system, turn.sessionId, "talk")).state).toBe("completed");
      await ledger.assertConsistent();
    },
  );
});

/** A codexd with some history, stopped in order, both generations of every checkpoint on disk. */
async function startWithHistory(
  t: Parameters<typeof startFakeSystem>[0],
): Promise<FakeSystem & { sessionIds: string[] }> {
  const system = await startFakeSystem(t, { plays: [codexPlay()], env: NO_PROBES, until: "listening" });
  const sessionIds: string[] = [];
  for (let life = 0; life < 2; life += 1) {
    for (let i = 0; i < 3; i += 1) sessionIds.push((await createSession(system)).id);
    await runTurn(system, sessionIds.at(-1) ?? "", "hello");
    await system.codexd.restart();
  }
  await system.codexd.stop();
  return { ...system, sessionIds };
}

const DAMAGES: readonly (readonly [string, readonly string[]])[] = [
  ["the event log", ["logs/codexd/events.jsonl"]],
  [
    "both generations of the sessions",
    ["state/codexd/session-registry.json", "state/codexd/session-registry.json.prev"],
  ],
  ["both generations of the turns", ["state/codexd/run-registry.json", "state/codexd/run-registry.json.prev"]],
  [
    "both generations of the approvals",
    ["state/codexd/approval-registry.json", "state/codexd/approval-registry.json.prev"],
  ],
  ["both generations of the identity", ["state/codexd/identity.json", "state/codexd/identity.json.prev"]],
];

describe.concurrent("stored data that is damaged", () => {
  test(
    "it stays up, says which file, what and what to do, refuses writes by name, and overwrites nothing",
    { timeout: TIMEOUT_MS },
    async (t) => {
      const system = await startWithHistory(t);
      const { codexd } = system;
      const runtime = codexd.root.join("runtime");
      for (const [what, names] of DAMAGES) {
        const files = names.map((name) => path.join(runtime, name));
        const saved = files.map((file) => fs.readFileSync(file));
        for (const file of files) flipByte(file, Math.floor(fs.statSync(file).size / 2));
        const damaged = files.map((file) => fs.readFileSync(file));
        const log = fs.readFileSync(path.join(runtime, "logs/codexd/events.jsonl"));
        await codexd.start();
        expect([what, (await codexd.request("GET", "/healthz")).status]).toEqual([what, 200]);
        const [reason] = await waitReadyz(codexd, "storage_damaged");
        expect(reason).toContain(files[0]);
        expect(reason?.length).toBeGreaterThan((files[0]?.length ?? 0) + 60);
        const refused = await codexd.request("POST", SESSIONS, {});
        expect([what, problemOf(refused)]).toEqual([what, { status: 503, code: "degraded" }]);
        expect(refused.text).toContain(files[0]);
        // A reader that was shown an empty log would throw its cursor away.
        if (what !== "both generations of the identity") {
          const events = await codexd.request("GET", "/v1/codexd/events?after=1");
          expect([what, problemOf(events)]).toEqual([what, { status: 503, code: "degraded" }]);
        }
        expect((await codexd.stop()).code).toBe(0);
        expect(files.map((file) => fs.readFileSync(file))).toEqual(damaged);
        if (what !== "both generations of the identity")
          expect(fs.readFileSync(path.join(runtime, "logs/codexd/events.jsonl"))).toEqual(log);
        files.forEach((file, i) => fs.writeFileSync(file, saved[i] as Buffer));
      }
      await codexd.start();
      await codexd.waitReady();
      expect(((await codexd.request("GET", SESSIONS)).json as { sessions: unknown[] }).sessions).toHaveLength(6);
      await system.ledger.assertConsistent();
    },
  );

  test(
    "one damaged generation of a checkpoint: the former one is used, and nothing is missing",
    { timeout: TIMEOUT_MS },
    async (t) => {
      const system = await startWithHistory(t);
      const { codexd } = system;
      for (const name of ["session-registry.json", "run-registry.json", "approval-registry.json", "identity.json"]) {
        const file = path.join(codexd.layout.stateDir, name);
        fs.truncateSync(file, Math.floor(fs.statSync(file).size / 3));
      }
      await codexd.start();
      await codexd.waitReady();
      expect(codexd.output()).toContain('"checkpoint.repaired"');
      expect(((await codexd.request("GET", SESSIONS)).json as { sessions: unknown[] }).sessions).toHaveLength(6);
      await system.ledger.assertConsistent();
    },
  );

  const SAMPLES = isFull ? 25 : 5;
  test.for([
    ["in order", "SIGTERM"],
    ["by kill -9", "SIGKILL"],
  ] as const)(
    `${SAMPLES} files cut or flipped after a stop %s: recovered, or refused by name`,
    { timeout: TIMEOUT_MS },
    async ([, signal], t) => {
      const system = await startWithHistory(t);
      const { codexd } = system;
      await codexd.start();
      await codexd.waitReady();
      await startTurn(system, (await createSession(system)).id, "hello");
      await codexd.kill(signal);
      const runtime = codexd.root.join("runtime");
      const saved = codexd.root.join("saved");
      fs.cpSync(runtime, saved, { recursive: true });
      const names = Object.keys(digestTree(runtime))
        .filter((name) => /codexd\/(events|.*\.json|lock)/.test(name))
        .sort();
      const random = createRandom(signal === "SIGKILL" ? seed + 1 : seed);
      for (let sample = 0; sample < SAMPLES; sample += 1) {
        const name = random.pick(names);
        const size = fs.statSync(path.join(runtime, name)).size;
        const at = random.below(size + 1);
        const cut = random.below(2) === 0 || at === size;
        if (cut) fs.truncateSync(path.join(runtime, name), at);
        else flipByte(path.join(runtime, name), at);
        await expectRecoveredOrRefused(codexd, {
          what: `${name} ${cut ? "cut" : "flipped"} at ${at} of ${size} (seed ${seed})`,
          name,
          sessions: 7,
        });
        await codexd.kill("SIGKILL");
        fs.rmSync(runtime, { recursive: true });
        fs.cpSync(saved, runtime, { recursive: true });
      }
    },
  );
});

async function expectRecoveredOrRefused(
  codexd: Codexd,
  o: { what: string; name: string; sessions: number },
): Promise<void> {
  await codexd.start();
  expect([o.what, (await codexd.request("GET", "/healthz")).status]).toEqual([o.what, 200]);
  const [reason] = await waitReadyz(codexd, "storage_damaged", "ready");
  if (reason !== undefined) {
    expect([o.what, reason]).toEqual([o.what, expect.stringContaining(path.basename(o.name).replace(/\.prev$/, ""))]);
    expect([o.what, problemOf(await codexd.request("POST", SESSIONS, {}))]).toEqual([
      o.what,
      { status: 503, code: "degraded" },
    ]);
    return;
  }
  const { sessions } = (await codexd.request("GET", SESSIONS)).json as { sessions: unknown[] };
  const { events } = (await codexd.request("GET", "/v1/codexd/events?after=0&limit=5000")).json as {
    events: { type: string }[];
  };
  const said = events.some(({ type }) => type === "log.gap" || type === "log.recovered");
  if (!said) expect([o.what, sessions.length]).toEqual([o.what, o.sessions]);
  expect([o.what, (await codexd.request("POST", SESSIONS, {})).status]).toEqual([o.what, 201]);
}

describe.concurrent("one owner", () => {
  const ROUNDS = isFull ? 167 : 9;
  const AT_ONCE = 4;
  test(
    `${ROUNDS * (AT_ONCE - 1)} losers of races for one state directory: one serves, each other exits 75 naming it, having written nothing`,
    { timeout: TIMEOUT_MS },
    async (t) => {
      const root = tempRoot({ prefix: "baa-race-", test: t });
      const child = createFakeChild({ dir: root.join("child"), plays: [codexPlay()] });
      for (let round = 0; round < ROUNDS; round += 1) {
        const contenders = makeContenders(AT_ONCE, child);
        try {
          const { winners, losers } = await race(contenders);
          expect([winners.length, losers.length]).toEqual([1, AT_ONCE - 1]);
          const pid = winners[0]?.codexd.pid;
          for (const { codexd, exit, writes } of losers) {
            expect(exit).toEqual({ code: 75, signal: null });
            expect(codexd.output()).toContain(`is held by pid ${pid} (codexd start)`);
            expect(writes()).toEqual([]);
          }
          expect(winners[0]?.writes().length).toBeGreaterThan(0);
        } finally {
          await Promise.all(contenders.map(({ codexd }) => codexd.dispose()));
        }
      }
    },
  );

  test("a port that is taken: exit 75 naming who has it; free again, it starts", { timeout: TIMEOUT_MS }, async (t) => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as net.AddressInfo;
    const system = makeFakeSystem({ plays: [codexPlay()], env: NO_PROBES, port, until: "spawned" });
    t.onTestFinished(() => system.dispose());
    await system.codexd.start();
    expect(await system.codexd.waitExit()).toEqual({ code: 75, signal: null });
    expect(system.codexd.output()).toContain(`127.0.0.1:${port} is already in use by pid ${process.pid}`);
    expect(system.child.spawns()).toEqual([]);
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await system.codexd.start({ until: "ready" });
    expect((await system.codexd.stop()).code).toBe(0);
  });

  const KILLS = isFull ? 100 : 5;
  test(
    `${KILLS} times kill -9 beside a child that listens: it is gone within 5 s, a process of the same name lives`,
    { timeout: TIMEOUT_MS },
    async (t) => {
      const system = await startFakeSystem(t, { plays: [silenced], env: NO_PROBES });
      const canary = spawn(system.child.command, ["app-server"], {
        stdio: ["pipe", "ignore", "ignore"],
        env: { ...process.env, CODEXD_INSTANCE: "ins_of_somebody_else" },
      });
      t.onTestFinished(() => void canary.kill("SIGKILL"));
      for (let kill = 0; kill < KILLS; kill += 1) {
        const child = await system.codexd.childPid();
        const turn = await startTurn(system, (await createSession(system)).id, "talk");
        await system.ledger.waitFor((event) => event.turnId === turn.id && event.data["delta"] === DELTAS[2]);
        await system.codexd.kill("SIGKILL");
        await waitGone([child], 5000);
        await system.codexd.start();
        expect((await system.ledger.waitForEnd(turn.id)).type).toBe("turn.interrupted");
      }
      expect(isAlive(canary.pid ?? 0)).toBe(true);
      await system.ledger.assertConsistent();
    },
  );

  test(
    `${isFull ? 50 : 3} times kill -9 beside a child that does not care: the next start ends it before it starts another`,
    { timeout: TIMEOUT_MS },
    async (t) => {
      const deaf = { ...codexPlay(), onEnd: [], onSignal: { SIGTERM: [] } };
      const system = await startFakeSystem(t, { plays: [deaf], env: NO_PROBES });
      for (let kill = 0; kill < (isFull ? 50 : 3); kill += 1) {
        const child = await system.codexd.childPid();
        await system.codexd.kill("SIGKILL");
        expect(isAlive(child)).toBe(true);
        const startedMs = performance.now();
        await system.codexd.start();
        expect(isAlive(child)).toBe(false);
        expect(performance.now() - startedMs).toBeLessThan(10_000);
      }
      await system.ledger.assertConsistent();
    },
  );

  test(
    `${isFull ? 50 : 2} times kill -9 beside the real codex with commands running: nothing of it is left after the next start`,
    { timeout: TIMEOUT_MS },
    async (t) => {
      const system = await startSystem(t, { policy: { sandbox: ["danger-full-access"], approvalPolicy: ["never"] } });
      const { codexd, ledger } = system;
      for (let kill = 0; kill < (isFull ? 50 : 2); kill += 1) {
        const child = await codexd.childPid();
        const cwd = codexd.workDir(`kill-${kill}`);
        const session = await createSession(system, { cwd, sandbox: "danger-full-access", approvalPolicy: "never" });
        await startTurn(
          system,
          session.id,
          `[[run: setsid sleep 300 & echo $! > one.pid; sleep 300 & echo $! > two.pid; wait]] kill-${kill}`,
        );
        const pidFile = (name: string): string => path.join(cwd, name);
        await until(
          "the commands run",
          () =>
            ["one.pid", "two.pid"].every(
              (name) => fs.existsSync(pidFile(name)) && fs.readFileSync(pidFile(name), "utf8").endsWith("\n"),
            ),
          20_000,
        );
        const pids = ["one.pid", "two.pid"].map((name) => Number(fs.readFileSync(pidFile(name), "utf8")));
        await codexd.kill("SIGKILL");
        await waitGone([child], 5000);
        await codexd.start();
        await waitGone(pids, 10_000);
      }
      await until(
        "every turn has ended",
        () =>
          ledger.events().filter(({ type }) => /^turn\.(interrupted|lost|failed|completed)$/.test(type)).length >=
          (isFull ? 50 : 2),
        20_000,
      );
      await ledger.assertConsistent();
    },
  );
});
