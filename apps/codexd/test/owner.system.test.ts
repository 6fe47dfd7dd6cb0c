import { spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { campaignConfig, codexPlay, createFakeChild, isAlive, tempRoot, waitGone } from "@baa/test-kit";
import { describe, expect, test } from "vitest";
import { TIMEOUT_MS } from "./support/campaign/timeout.ts";
import { makeContenders, race } from "./support/contenders.ts";
import { createSession, startTurn, until } from "./support/drive.ts";
import { makeFakeSystem, NO_PROBES, startFakeSystem } from "./support/fake-system.ts";
import { startSystem } from "./support/system.ts";
import { DELTAS, silenced } from "./support/talking.ts";

const { isFull } = campaignConfig();

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
