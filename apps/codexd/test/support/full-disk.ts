import type { LedgerEvent, TestHooks } from "@baa/test-kit";
import { expect } from "vitest";
import { createSession, problemOf, shownText, startTurn, turnPath, turnsPath } from "./drive.ts";
import { type FakeSystem, makeFakeSystem, NO_PROBES } from "./fake-system.ts";
import { canMount, putSmallDisk, type SmallDisk } from "./small-disk.ts";
import { DELTAS, talking } from "./talking.ts";
import { waitHealth, waitReadyz } from "./waiting.ts";

const MIB = 1024 * 1024;
const SESSIONS = "/v1/codexd/sessions";

/** A codexd on a disk of its own, which goes with the test. */
export async function startOnSmallDisk(t: TestHooks): Promise<FakeSystem & { disk: SmallDisk }> {
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
export async function fillAt(
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
export async function fillUp(system: FakeSystem) {
  for (let i = 0; i < 5000; i += 1) {
    const reply = await system.ledger.post(SESSIONS, { metadata: { pad: "p".repeat(1000) } });
    if (reply.status !== 201) return reply;
  }
  throw new Error("the disk was never full");
}
