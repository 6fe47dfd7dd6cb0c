import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type FeedEvent, SessionReply } from "@baa/contracts";
import { expect, test } from "vitest";
import { createSession, startTurn, turnEvent } from "./support/drive.ts";
import { allEvents, allSessions, idsByTitle } from "./support/read-all.ts";
import { readKills } from "./support/kills.ts";
import { startSystem, type System, waitLink } from "./support/system.ts";

const { linkCycles } = readKills();

/** What the promise says times three, as everywhere. */
const LINK_BACK_MS = 18_000;
const FOLLOWED = "session.*,turn.*,run.*,approval.*,usage.*,child.*,log.*";

const takenSeq = ({ data }: FeedEvent): number[] => {
  const place = data["codexd"] as { seq: number } | undefined;
  return place === undefined ? [] : [place.seq];
};

/** Waits until everything that codexd has told is in conductor's feed, each once and in order. */
async function expectTakenOver({ codexd, conductor }: System): Promise<void> {
  const told = (await allEvents(codexd, "/v1/codexd/events", `&types=${FOLLOWED}`)).map(({ seq }) => seq);
  const taken = async (): Promise<number[]> => (await allEvents(conductor, "/v1/events")).flatMap(takenSeq);
  await expect.poll(async () => (await taken()).at(-1), { timeout: LINK_BACK_MS }).toBe(told.at(-1));
  const seqs = await taken();
  expect(seqs).toEqual(told.filter((seq) => seq >= (seqs[0] ?? 0)));
}

/** Creates a session and does not give up: the same key until it is answered with something final. */
async function createUntilDone({ conductor }: System, key: string, replies: number[]): Promise<string> {
  for (;;) {
    const headers = { "idempotency-key": key };
    const reply = await conductor
      .request("POST", "/v1/codex/sessions", { title: key }, { headers })
      .catch(() => undefined);
    replies.push(reply?.status ?? 0);
    if (reply?.status === 201) return SessionReply.parse(reply.json).session.id;
    await sleep(50);
  }
}

test(
  `codexd killed ${linkCycles} times under reads and writes: found again, nothing lost or doubled`,
  { timeout: 100_000 + linkCycles * 20_000 },
  async (t) => {
    const system = await startSystem(t);
    const { conductor, codexd } = system;
    const done = new Map<string, string>();
    const writes: number[] = [];
    const reads: number[] = [];
    let isRunning = true;
    const writing = (async () => {
      while (isRunning) {
        const key = randomUUID();
        done.set(key, await createUntilDone(system, key, writes));
        await sleep(20);
      }
    })();
    const reading = (async () => {
      while (isRunning) {
        const reply = await conductor.request("GET", "/v1/codex/sessions?limit=1");
        reads.push(reply.status);
        if (reply.status === 503) expect(reply.json).toMatchObject({ code: "codexd_down" });
        await sleep(20);
      }
    })();

    const back: number[] = [];
    for (let cycle = 0; cycle < linkCycles; cycle += 1) {
      await sleep(300);
      await codexd.kill("SIGKILL");
      await waitLink(conductor, "down");
      await codexd.start({ until: "listening" });
      back.push(await waitLink(conductor, "up", LINK_BACK_MS));
    }
    await codexd.waitReady();
    await sleep(300);
    isRunning = false;
    await Promise.all([writing, reading]);

    await t.annotate(`back within ${Math.round(Math.max(...back))} ms, ${done.size} sessions made`);
    expect(Math.max(...back)).toBeLessThan(LINK_BACK_MS);
    for (const statuses of [reads, writes]) {
      expect(new Set(statuses.filter((status) => ![200, 201, 503].includes(status)))).toEqual(new Set());
    }
    expect(reads).toContain(503);
    const byTitle = idsByTitle(await allSessions(codexd));
    for (const [key, id] of done) expect(byTitle.get(key)).toEqual([id]);

    const types = (await allEvents(conductor, "/v1/events")).map(({ type }) => type);
    expect(types.filter((type) => type === "codexd.down")).toHaveLength(linkCycles);
    await expectTakenOver(system);
  },
);

test("a codexd that hangs counts as down, and is found again when it goes on", async (t) => {
  const { codexd, conductor } = await startSystem(t);
  await codexd.kill("SIGSTOP");
  t.onTestFinished(() => void codexd.kill("SIGCONT"));
  await waitLink(conductor, "down", 30_000);
  const reply = await conductor.request("GET", "/v1/codex/sessions");
  expect([reply.status, (reply.json as { detail: string }).detail]).toEqual([
    503,
    expect.stringContaining("no answer within"),
  ]);
  expect((await conductor.request("GET", "/readyz")).status).toBe(200);
  await codexd.kill("SIGCONT");
  expect(await waitLink(conductor, "up", LINK_BACK_MS)).toBeLessThan(LINK_BACK_MS);
  expect((await conductor.request("GET", "/v1/codex/sessions")).status).toBe(200);
});

test("a turn that codexd dies under ends once, for the client at conductor and in conductor's own feed", async (t) => {
  const system = await startSystem(t);
  const session = await createSession(system);
  const turn = await startTurn(system, session.id, "[[deltas=2000 interval=20]] a long one");
  await turnEvent(system, turn.id, "item.delta");
  const runtime = async (): Promise<unknown> =>
    ((await system.conductor.request("GET", "/v1/runtime")).json as { counts?: unknown }).counts;
  await expect.poll(runtime).toMatchObject({ openTurns: 1, pendingApprovals: 0 });

  await system.codexd.restart({ signal: "SIGKILL" });
  const end = await system.ledger.waitForEnd(turn.id);
  expect(end.type).toBe("turn.interrupted");
  await system.ledger.assertConsistent();
  await expect.poll(runtime, { timeout: LINK_BACK_MS }).toMatchObject({ openTurns: 0, pendingApprovals: 0 });
  const ends = (await allEvents(system.conductor, "/v1/events")).filter(
    ({ turnId, type }) => turnId === turn.id && /completed|failed|interrupted|lost/.test(type),
  );
  expect(ends.map(({ type }) => type)).toEqual(["turn.interrupted"]);
});

test("conductor killed in the middle of a turn: the turn goes on, every event is taken over once", async (t) => {
  const system = await startSystem(t);
  const { conductor, ledger } = system;
  const session = await createSession(system);
  const key = { headers: { "idempotency-key": "the-turn" } };
  const body = { input: "[[deltas=150 interval=20]] while conductor dies" };
  const started = await conductor.request("POST", `/v1/codex/sessions/${session.id}/turns`, body, key);
  const turnId = (started.json as { turn: { id: string } }).turn.id;
  for (let life = 0; life < 3; life += 1) {
    await turnEvent(system, turnId, "turn.started");
    await conductor.restart({ signal: "SIGKILL" });
    const again = await conductor.request("POST", `/v1/codex/sessions/${session.id}/turns`, body, key);
    expect((again.json as { turn: { id: string } }).turn.id).toBe(turnId);
  }
  expect((await ledger.waitForEnd(turnId)).type).toBe("turn.completed");
  await ledger.assertConsistent();
  await expectTakenOver(system);
  expect(system.provider.modelCalls("while conductor dies")).toBe(1);
});

test("draining refuses what begins, and lets what is in progress be steered, approved and interrupted", async (t) => {
  const system = await startSystem(t);
  const { conductor, ledger } = system;
  const session = await createSession(system);
  const turn = await startTurn(system, session.id, "[[deltas=2000 interval=20]] in progress");
  await turnEvent(system, turn.id, "item.delta");
  const drained = await conductor.request("POST", "/v1/control/drain", { id: "restart:x", ttlMs: 60_000 });
  expect(drained.json).toMatchObject({ control: { mode: "draining", idle: false, openTurns: 1 } });

  const beginnings = ["/sessions", `/sessions/${session.id}/turns`, "/turn", `/sessions/${session.id}/fork`];
  for (const path of beginnings) {
    const reply = await conductor.request("POST", `/v1/codex${path}`, {});
    expect([path, reply.status, (reply.json as { code: string }).code]).toEqual([path, 503, "draining"]);
  }
  const turnAt = `/v1/codex/sessions/${session.id}/turns/${turn.id}`;
  const steered = await conductor.request("POST", `${turnAt}/steer`, { input: "[[deltas=2000 interval=20]] on" });
  expect(steered.status).toBe(202);
  expect((await conductor.request("POST", `${turnAt}/interrupt`, {})).status).toBe(202);
  await ledger.waitForEnd(turn.id);
  await expect
    .poll(async () => (await conductor.request("GET", "/v1/control")).json)
    .toMatchObject({ control: { mode: "draining", idle: true } });

  await conductor.request("POST", "/v1/control/pause", {});
  await conductor.request("POST", "/v1/control/resume", { id: "restart:x" });
  expect((await conductor.request("GET", "/v1/control")).json).toMatchObject({ control: { mode: "paused" } });
  expect((await conductor.request("POST", "/v1/codex/sessions", {})).status).toBe(201);
  await conductor.request("POST", "/v1/control/resume", { all: true });
  expect((await conductor.request("GET", "/v1/control")).json).toMatchObject({
    control: { mode: "running", reasons: [] },
  });
});
