import { type Turn, TurnList } from "@baa/contracts";
import { afterEach, describe, expect, test } from "vitest";
import { createSession, readSession, readTurn, runTurn, turnEvent, turnPath, turnsPath } from "./support/drive.ts";
import { askedOrder, expectOneAtATime, hold, queueTurn } from "./support/queue.ts";
import { type System, useSystem } from "./support/system.ts";

const system = useSystem();

type Kill = (on: System) => Promise<void>;
const killCodexd: Kill = async ({ codexd }) => codexd.restart({ signal: "SIGKILL", until: "listening" });
const killChild: Kill = async ({ codexd, ledger }) => {
  const pid = await codexd.childPid();
  process.kill(pid, "SIGKILL");
  await ledger.waitFor((event) => event.type === "child.exited" && event.data["pid"] === pid);
};
const victims: [string, Kill][] = [
  ["codexd", killCodexd],
  ["the child", killChild],
];

/** All of the queue came to an end by itself, in order, and the model was asked at most once for each. */
const expectQueueWentOn = async (on: System, turns: readonly Turn[], markers: readonly string[]): Promise<void> => {
  for (const turn of turns) await on.ledger.waitForEnd(turn.id);
  await expectOneAtATime(on, turns);
  for (const marker of markers) expect([marker, on.provider.modelCalls(marker)]).toEqual([marker, 1]);
  expect(askedOrder(on, markers)).toEqual(markers);
};

describe.each(victims)("kill -9 of %s", (name, kill) => {
  const prefix = name.replaceAll(" ", "");

  // A child that dies five times within a minute is not started again at once.
  afterEach(() => system().codexd.restart());

  test("while one runs and others wait: those go on by themselves, in order, once each", async () => {
    const session = await createSession(system());
    const markers = [1, 2, 3].map((n) => `${prefix}-running-${n}`);
    const first = await hold(system(), session.id, markers[0] as string);
    const rest = [];
    for (const marker of markers.slice(1)) rest.push(await queueTurn(system(), session.id, marker));
    await kill(system());
    await expectQueueWentOn(system(), [first, ...rest], markers);
    expect((await readTurn(system(), first)).state).toBe("interrupted");
    for (const turn of rest) expect((await readTurn(system(), turn)).state).toBe("completed");
  });

  test("again and again, at each turn of the queue", async () => {
    const session = await createSession(system());
    const markers = [1, 2, 3, 4].map((n) => `${prefix}-again-${n}`);
    const turns = [await hold(system(), session.id, markers[0] as string)];
    for (const marker of markers.slice(1)) {
      turns.push(await queueTurn(system(), session.id, `[[deltas=3 hold=${marker} after=1]] ${marker}`));
    }
    for (const marker of markers.slice(1)) {
      await kill(system());
      await system().provider.held(marker);
    }
    await kill(system());
    await expectQueueWentOn(system(), turns, markers);
    for (const turn of turns) expect((await readTurn(system(), turn)).state).toBe("interrupted");
  });

  test("at the very end of one, as the next one's turn comes", async () => {
    const session = await createSession(system());
    const markers = [1, 2, 3].map((n) => `${prefix}-handover-${n}`);
    const first = await hold(system(), session.id, markers[0] as string);
    const rest = [];
    for (const marker of markers.slice(1)) rest.push(await queueTurn(system(), session.id, marker));
    system().provider.release(markers[0] as string);
    await turnEvent(system(), first.id, "turn.completed");
    await kill(system());
    for (const turn of rest) await system().ledger.waitForEnd(turn.id);
    await expectOneAtATime(system(), [first, ...rest]);
    for (const marker of markers) expect(system().provider.modelCalls(marker)).toBeLessThanOrEqual(1);
    expect((await runTurn(system(), session.id, `${prefix}-handover-last`)).state).toBe("completed");
  });

  test("while one is cancelled: it stays cancelled", async () => {
    const session = await createSession(system());
    const markers = [1, 2, 3].map((n) => `${prefix}-gone-${n}`);
    await hold(system(), session.id, markers[0] as string);
    const cancelled = await queueTurn(system(), session.id, markers[1] as string);
    const last = await queueTurn(system(), session.id, markers[2] as string);
    expect((await system().ledger.post(`${turnPath(cancelled)}/interrupt`)).status).toBe(202);
    await kill(system());
    await system().ledger.waitForEnd(last.id);
    expect((await readTurn(system(), cancelled)).state).toBe("interrupted");
    expect(markers.map((marker) => system().provider.modelCalls(marker))).toEqual([1, 0, 1]);
  });
});

test("without a child the queue takes turns and waits; it goes on with the next child", async () => {
  const { codexd, ledger, provider } = system();
  const session = await createSession(system());
  const first = await hold(system(), session.id, "down-1");
  await codexd.kill("SIGKILL");
  // Codex cannot start: the service is up all the same.
  await codexd.start({ until: "listening", env: { BAA_CODEXD_SERVER_COMMAND: "/nonexistent/codex" } });
  const queued = await queueTurn(system(), session.id, "down-2");
  expect(queued).toMatchObject({ state: "accepted", queued: true });
  expect(await readSession(system(), session.id)).toMatchObject({ activeTurnId: first.id, queuedTurns: 1 });
  await codexd.restart({ signal: "SIGTERM", until: "ready" });
  expect((await ledger.waitForEnd(first.id)).type).toBe("turn.interrupted");
  expect(await readTurn(system(), queued, 20_000)).toMatchObject({ state: "completed", text: "You said: down-2" });
  expect(provider.modelCalls("down-2")).toBe(1);
  const listed = TurnList.parse((await codexd.request("GET", turnsPath(session.id))).json);
  expect(listed.turns.map(({ id }) => id)).toEqual([queued.id, first.id]);
});

test("all of the above left a consistent log", async () => {
  await system().ledger.assertConsistent();
});
