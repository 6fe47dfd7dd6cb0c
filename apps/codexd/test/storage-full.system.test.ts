import { campaignConfig, createRandom, type Failpoint, switchFailpoints } from "@baa/test-kit";
import { describe, expect, test } from "vitest";
import { TIMEOUT_MS } from "./support/campaign/timeout.ts";
import { createSession, readTurn, runTurn, startTurn } from "./support/drive.ts";
import { NO_PROBES, startFakeSystem } from "./support/fake-system.ts";
import { fillAt, fillUp, startOnSmallDisk } from "./support/full-disk.ts";
import { DELTAS, talking } from "./support/talking.ts";
import { digestTree } from "./support/tree.ts";

const { isFull, seed } = campaignConfig();
const SESSIONS = "/v1/codexd/sessions";

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
