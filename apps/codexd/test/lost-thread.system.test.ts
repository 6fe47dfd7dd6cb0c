import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { createSession, readSession, readTurn, runTurn, startTurn } from "./support/drive.ts";
import { type System, useSystem } from "./support/system.ts";

const shared = useSystem();

/** The file in which Codex keeps a thread. */
const rolloutOf = (system: System, threadId: string): string => {
  const dir = path.join(system.codexd.layout.codexHome, "sessions");
  const name = fs
    .readdirSync(dir, { recursive: true, encoding: "utf8" })
    .find((one) => one.endsWith(`${threadId}.jsonl`));
  if (name === undefined) throw new Error(`no rollout of ${threadId}`);
  return path.join(dir, name);
};

/** A session whose first turn is cut by the end of codexd and of its child; what Codex stored of it is then changed. */
async function cutFirstTurn(system: System, marker: string, change: (rollout: string) => void) {
  const session = await createSession(system);
  const turn = await startTurn(system, session.id, `[[deltas=5 hold=${marker} after=2]] ${marker}`);
  await system.ledger.waitFor((event) => event.turnId === turn.id && event.data["delta"] === "w1 ");
  const { threadId = "" } = await readSession(system, session.id);
  const child = await system.codexd.childPid();
  process.kill(child, "SIGKILL");
  await system.codexd.kill();
  change(rolloutOf(system, threadId));
  await system.codexd.start({ until: "listening" });
  return { session, turn, threadId, end: await system.ledger.waitForEnd(turn.id) };
}

// Both were measured: a child that is killed just as it acknowledges the first turn leaves the one or the other.
test.each([
  ["nothing", (rollout: string) => fs.rmSync(rollout)],
  ["an empty file", (rollout: string) => fs.truncateSync(rollout)],
])(
  "a child that died with %s of the thread on disk: the turn is lost, the session goes on in a new thread",
  async (name, change) => {
    const system = shared();
    const cut = await cutFirstTurn(system, `blank-${name.length}`, change);
    // Words of it were seen, so the model was asked: it is not called safe to repeat.
    expect(cut.end).toMatchObject({ type: "turn.lost", data: { reason: "not_found" } });
    expect((await readTurn(system, cut.turn)).text).toBe("w0 w1 ");
    expect((await runTurn(system, cut.session.id, `next-${name.length}`)).text).toBe(`You said: next-${name.length}`);
    const session = await readSession(system, cut.session.id);
    expect([session.durable, session.threadId === cut.threadId]).toEqual([true, false]);
    expect(system.provider.modelCalls(`blank-${name.length}`)).toBe(1);
    await system.ledger.assertConsistent();
  },
);

test("a thread with a history that is gone is not replaced silently: the turn fails by name and the model is not asked", async () => {
  const system = shared();
  const session = await createSession(system);
  await runTurn(system, session.id, "history-1");
  const { threadId = "" } = await readSession(system, session.id);
  await system.codexd.kill();
  fs.rmSync(rolloutOf(system, threadId));
  await system.codexd.start();
  const turn = await startTurn(system, session.id, "history-2");
  expect(await system.ledger.waitForEnd(turn.id)).toMatchObject({
    type: "turn.failed",
    data: { error: { code: "not_started", retryable: true } },
  });
  expect(system.provider.modelCalls("history-2")).toBe(0);
  expect((await readSession(system, session.id)).threadId).toBe(threadId);
});
