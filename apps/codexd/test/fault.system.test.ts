import fs from "node:fs";
import path from "node:path";
import { startLoopbackProvider } from "@baa/loopback-provider";
import { campaignConfig, codexPlay, type LedgerEvent, type Play, type PlainReply, startCodexd } from "@baa/test-kit";
import { describe, expect, test } from "vitest";
import { TIMEOUT_MS } from "./support/campaign/timeout.ts";
import { createSession, problemOf, readTurn, runTurn, startTurn, turnsPath } from "./support/drive.ts";
import { type FakeSystem, NO_PROBES, startFakeSystem } from "./support/fake-system.ts";
import { rssBytes } from "./support/process-facts.ts";
import { IDLE_MS, STUCK_MODES, type StuckMode } from "./support/stuck-modes.ts";

const MIB = 1024 * 1024;
/** Turns of each mode at once, and how often. By hand 50 in all. */
const { isFull } = campaignConfig();
const TURNS = isFull ? 10 : 2;
const ROUNDS = isFull ? 5 : 1;

const whyOf = ({ data }: LedgerEvent): unknown =>
  data["reason"] ?? (data["error"] as { code?: string } | undefined)?.code;

async function endOfStuckTurn(system: FakeSystem, mode: StuckMode): Promise<void> {
  const session = await createSession(system);
  const startedMs = performance.now();
  const turn = await startTurn(system, session.id, "stuck", { idleTimeoutMs: IDLE_MS });
  const end = await system.ledger.waitForEnd(turn.id, mode.deadlineMs + 30_000);
  expect(mode.ends).toContainEqual(whyOf(end) === undefined ? [end.type] : [end.type, whyOf(end)]);
  expect(performance.now() - startedMs).toBeLessThan(mode.deadlineMs + 5000);
}

// Together, since each waits for deadlines most of its time. The longest first.
describe.concurrent("a child that misbehaves", () => {
  test(
    "the real codex that cannot be configured: named in /readyz, nothing is recorded, and it comes back by itself",
    { timeout: TIMEOUT_MS },
    async (t) => {
      const provider = await startLoopbackProvider();
      t.onTestFinished(() => provider.stop());
      const codexd = await startCodexd({ test: t, provider, until: "spawned" });
      const { codexHome } = codexd.layout;
      await codexd.kill();
      fs.renameSync(codexHome, `${codexHome}.away`); // Codex 0.169.0 ends with code 1 without it
      await codexd.start({ until: "listening" });
      const system = { codexd, provider, ledger: codexd.ledger().follow() };
      const { ledger } = system;
      const degraded = await ledger.waitFor((event) => event.type === "child.degraded");
      expect(degraded.data["reason"]).toMatch(/CODEX_HOME/);
      const ready = await codexd.request("GET", "/readyz");
      expect([ready.status, ready.json]).toEqual([
        503,
        {
          status: "notReady",
          reasons: [
            { code: "child_not_ready", message: expect.stringMatching(/^The child is degraded: .*CODEX_HOME/s) },
          ],
        },
      ]);
      expect((await codexd.request("GET", "/healthz")).status).toBe(200);
      const session = await createSession(system);
      const refused: PlainReply = await ledger.post(turnsPath(session.id), { input: "config-1" });
      expect(problemOf(refused)).toEqual({ status: 503, code: "child_unavailable" });
      expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
      expect(ledger.events().some((event) => event.type === "turn.accepted")).toBe(false);
      const exits = (): number => ledger.events().filter((event) => event.type === "child.exited").length;
      expect(exits()).toBe(1); // no hot loop
      fs.renameSync(`${codexHome}.away`, codexHome);
      await ledger.waitFor((event) => event.type === "child.ready", 45_000);
      expect(exits()).toBe(1);
      expect((await runTurn(system, session.id, "config-2")).state).toBe("completed");
      expect(provider.modelCalls("config-1")).toBe(0);
      await ledger.assertConsistent();
    },
  );

  test(
    "one that crashes at once is given up, says so, takes nothing, and is back by itself when healed",
    { timeout: TIMEOUT_MS },
    async (t) => {
      const system = await startFakeSystem(t, {
        plays: [{ start: [{ signal: "SIGKILL" }] }],
        until: "listening",
        env: NO_PROBES,
      });
      const { codexd, child, ledger } = system;
      const session = await createSession(system);
      const degraded = await ledger.waitFor((event) => event.type === "child.degraded");
      expect(degraded.data["reason"]).toContain("5 deaths within 60000 ms");
      expect(child.spawns()).toHaveLength(5);
      const refused = await ledger.post(turnsPath(session.id), { input: "now?" });
      expect(problemOf(refused)).toEqual({ status: 503, code: "child_unavailable" });
      expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
      const readyz = await codexd.request("GET", "/readyz");
      expect(readyz).toMatchObject({ status: 503, json: { reasons: [{ code: "child_not_ready" }] } });
      expect((await codexd.request("GET", "/healthz")).status).toBe(200);
      child.setPlays([codexPlay()]);
      await ledger.waitFor((event) => event.type === "child.ready", 40_000);
      expect(child.spawns()).toHaveLength(6);
      expect(ledger.events().filter((event) => event.type === "turn.accepted")).toEqual([]);
      expect(child.received("turn/start")).toEqual([]);
      expect((await runTurn(system, session.id, "now")).state).toBe("completed");
      await ledger.assertConsistent();
    },
  );

  test(
    "one that is configured wrongly is not tried in a hot loop, its words are shown, and it is tried again",
    { timeout: TIMEOUT_MS },
    async (t) => {
      const broken: Play = { start: [{ stderr: "error: unexpected argument '--foo'\n" }, { exit: 2 }] };
      const system = await startFakeSystem(t, { plays: [broken], until: "listening", env: NO_PROBES });
      const { codexd, child, ledger } = system;
      const degraded = await ledger.waitFor((event) => event.type === "child.degraded");
      expect(degraded.data["reason"]).toBe(
        "exited with code 2 before initialize was answered: error: unexpected argument '--foo'",
      );
      expect((await codexd.request("GET", "/readyz")).text).toContain("unexpected argument '--foo'");
      child.setPlays([codexPlay()]);
      const ready = await ledger.waitFor((event) => event.type === "child.ready", 40_000);
      expect(child.spawns()).toHaveLength(2);
      expect(Date.parse(String(ready["at"])) - Date.parse(String(degraded["at"]))).toBeGreaterThan(25_000);
      expect((await runTurn(system, (await createSession(system)).id, "now")).state).toBe("completed");
    },
  );

  test.for(STUCK_MODES.map((mode) => [mode.name, mode] as const))(
    "%s: one terminal event in time, and the next turn works",
    { timeout: TIMEOUT_MS },
    async ([, mode], t) => {
      // A child that dies of it takes other turns with it, so then each turn has a daemon of its own.
      const [daemons, turns] = mode.isDeadly === true ? [TURNS, 1] : [1, TURNS];
      const one = async (): Promise<void> => {
        const system = await startFakeSystem(t, { plays: [mode.play], env: { ...NO_PROBES, ...mode.env } });
        await Promise.all(Array.from({ length: turns }, () => endOfStuckTurn(system, mode)));
        const next = await runTurn(system, (await createSession(system)).id, "well");
        expect(next).toMatchObject({ state: "completed", text: "Hello from the fake child." });
        await system.ledger.assertConsistent();
        expect([system.codexd.lives, system.child.spawns().length]).toEqual([1, mode.isDeadly === true ? 2 : 1]);
        await system.codexd.stop();
      };
      for (let round = 0; round < ROUNDS; round += 1) await Promise.all(Array.from({ length: daemons }, one));
    },
  );

  test(
    "a line of 64 MiB and a byte: the child is replaced, the daemon lives, memory is given back",
    { timeout: TIMEOUT_MS },
    async (t) => {
      const big = codexPlay({
        middle: [
          {
            when: {
              value: "{{params.input.0.text}}",
              is: { big: [{ fill: { bytes: 64 * MIB + 1, newline: false } }, { sleep: 60_000 }] },
            },
          },
        ],
      });
      const system = await startFakeSystem(t, { plays: [big], env: NO_PROBES });
      const { codexd, ledger } = system;
      const turn = await startTurn(system, (await createSession(system)).id, "big");
      expect(await ledger.waitForEnd(turn.id)).toMatchObject({
        type: "turn.interrupted",
        data: { reason: "child_exited" },
      });
      expect(await ledger.waitFor((event) => event.type === "child.exited")).toMatchObject({
        data: { reason: "oversize", signal: "SIGKILL" },
      });
      expect((await readTurn(system, turn)).text).toBe("Hello from the fake child.");
      expect((await runTurn(system, turn.sessionId, "well")).state).toBe("completed");
      expect(codexd.lives).toBe(1);
      expect(rssBytes(codexd.pid)).toBeLessThan(400 * MIB);
      await ledger.assertConsistent();
    },
  );

  test("a flood on stderr: rotated files, the turn goes on", { timeout: TIMEOUT_MS }, async (t) => {
    const floodBytes = (isFull ? 1024 : 44) * MIB;
    const system = await startFakeSystem(t, {
      plays: [codexPlay({ before: [{ floodStderr: floodBytes }] })],
      env: NO_PROBES,
    });
    const turn = await startTurn(system, (await createSession(system)).id, "flood");
    expect((await system.ledger.waitForEnd(turn.id, 60_000)).type).toBe("turn.completed");
    const dir = system.codexd.layout.logsDir;
    const sizes = fs
      .readdirSync(dir)
      .filter((name) => name.startsWith("stderr.log"))
      .map((name) => fs.statSync(path.join(dir, name)).size);
    expect(sizes).toHaveLength(isFull ? 5 : 3);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(20 * MIB);
    expect(rssBytes(system.codexd.pid)).toBeLessThan(300 * MIB);
  });

  test("requests that we do not know are answered with -32601 at once", { timeout: TIMEOUT_MS }, async (t) => {
    const ask = (method: string, name: string) => ({ request: { method, params: { reason: "none" }, as: name } });
    const told = "{{one.error.code}} {{two.error.code}} {{three.error.code}}";
    const middle = [
      ask("no/such", "one"),
      ask("account/chatgptAuthTokens/refresh", "two"),
      ask("item/commandExecution/requestApproval", "three"), // without what makes it one
      {
        notify: {
          method: "item/agentMessage/delta",
          params: { threadId: "{{params.threadId}}", turnId: "{{turnId}}", itemId: "{{itemId}}", delta: told },
        },
      },
    ];
    const system = await startFakeSystem(t, { plays: [codexPlay({ middle })], env: NO_PROBES });
    const turn = await startTurn(system, (await createSession(system)).id, "ask");
    await system.ledger.waitForEnd(turn.id);
    const deltas = system.ledger.events().filter((event) => event.type === "item.delta" && event.turnId === turn.id);
    expect(deltas.at(-1)?.data["delta"]).toBe("-32601 -32601 -32601");
    expect((await system.codexd.request("GET", "/v1/codexd/approvals?state=pending")).json).toMatchObject({
      approvals: [],
    });
  });
});
