import { type Turn, TurnReply } from "@baa/contracts";
import { createGate } from "@baa/loopback-provider";
import type { LedgerEvent, PlainReply } from "@baa/test-kit";
import { describe, expect, test } from "vitest";
import {
  createSession,
  problemOf,
  readSession,
  readTurn,
  runTurn,
  startTurn,
  turnPath,
  turnsPath,
} from "./support/drive.ts";
import { askedOrder, expectOneAtATime, hold, queueTurn, seqOf } from "./support/queue.ts";
import { startSystem, useSystem } from "./support/system.ts";

const system = useSystem();

describe("ifBusy: queue", () => {
  test("turns run one after the other, in the order in which they were accepted", async () => {
    const { provider, ledger } = system();
    const session = await createSession(system());
    const first = await hold(system(), session.id, "order-1");
    expect(first).not.toHaveProperty("queued");
    const rest: Turn[] = [];
    for (const marker of ["order-2", "order-3", "order-4"]) rest.push(await queueTurn(system(), session.id, marker));
    expect(rest.map(({ state, queued }) => [state, queued])).toEqual(Array(3).fill(["accepted", true]));
    expect(await readSession(system(), session.id)).toMatchObject({
      state: "running",
      activeTurnId: first.id,
      queuedTurns: 3,
    });
    expect(await readTurn(system(), rest[0] as Turn)).toMatchObject({ state: "accepted", queued: true, text: "" });
    provider.release("order-1");
    for (const [index, turn] of rest.entries()) {
      expect((await ledger.waitForEnd(turn.id)).type).toBe("turn.completed");
      const read = await readTurn(system(), turn);
      expect(read).toMatchObject({ state: "completed", text: `You said: order-${index + 2}` });
      expect(read).not.toHaveProperty("queued");
    }
    await expectOneAtATime(system(), [first, ...rest]);
    const after = await readSession(system(), session.id);
    expect(after.state).toBe("idle");
    expect(after).not.toHaveProperty("queuedTurns");
    const markers = ["order-1", "order-2", "order-3", "order-4"];
    expect(askedOrder(system(), markers)).toEqual(markers);
  });

  test("the next one goes on whatever became of the one before: failed, interrupted", async () => {
    const { ledger } = system();
    const session = await createSession(system());
    const running = await hold(system(), session.id, "ends-1");
    const failing = await queueTurn(system(), session.id, "[[failed=context_length_exceeded]] ends-2");
    const last = await queueTurn(system(), session.id, "ends-3");
    await ledger.post(`${turnPath(running)}/interrupt`);
    expect((await ledger.waitForEnd(running.id)).type).toBe("turn.interrupted");
    expect((await ledger.waitForEnd(failing.id)).type).toBe("turn.failed");
    expect(await readTurn(system(), last, 20_000)).toMatchObject({ state: "completed", text: "You said: ends-3" });
    await expectOneAtATime(system(), [running, failing, last]);
  });

  test("an interrupt of a queued turn ends it at once, and the model never hears of it", async () => {
    const { provider, ledger } = system();
    const session = await createSession(system());
    const running = await hold(system(), session.id, "cancel-1");
    const cancelled = await queueTurn(system(), session.id, "cancel-2");
    const next = await queueTurn(system(), session.id, "cancel-3");
    const reply = await ledger.post(`${turnPath(cancelled)}/interrupt`);
    expect(reply.status).toBe(202);
    expect(TurnReply.parse(reply.json).turn).toMatchObject({ state: "interrupted", reason: "requested" });
    expect(await readSession(system(), session.id)).toMatchObject({ activeTurnId: running.id, queuedTurns: 1 });
    provider.release("cancel-1");
    expect((await ledger.waitForEnd(next.id)).type).toBe("turn.completed");
    expect(["cancel-1", "cancel-2", "cancel-3"].map((marker) => provider.modelCalls(marker))).toEqual([1, 0, 1]);
  });

  test("a key queues a turn once", async () => {
    const { provider, ledger } = system();
    const session = await createSession(system());
    const running = await hold(system(), session.id, "keyed-1");
    const post = (): Promise<PlainReply> =>
      ledger.post(turnsPath(session.id), { input: "keyed-2", ifBusy: "queue" }, { "idempotency-key": "queue-key" });
    const first = await post();
    expect([first.status, (await post()).json]).toEqual([202, first.json]);
    provider.release("keyed-1");
    const { turn } = TurnReply.parse(first.json);
    await ledger.waitForEnd(turn.id);
    expect((await post()).json).toEqual(first.json);
    expect(provider.modelCalls("keyed-2")).toBe(1);
    await expectOneAtATime(system(), [running, turn]);
  });

  test("with a queue a plain turn is refused, a queued one cannot be steered, and the session stays", async () => {
    const { provider, ledger } = system();
    const session = await createSession(system());
    const running = await hold(system(), session.id, "busy-1");
    const queued = await queueTurn(system(), session.id, "[[hold=busy-2]] busy-2");
    const plain = await ledger.post(turnsPath(session.id), { input: "busy-3" });
    expect(problemOf(plain)).toEqual({ status: 409, code: "turn_active" });
    expect(plain.json).toMatchObject({ turnId: running.id });
    const steer = await ledger.post(`${turnPath(queued)}/steer`, { input: "x" });
    expect(problemOf(steer)).toEqual({ status: 409, code: "turn_not_steerable" });
    const path = `/v1/codexd/sessions/${session.id}`;
    expect(problemOf(await ledger.request("DELETE", path))).toEqual({ status: 409, code: "turn_active" });
    expect(problemOf(await ledger.post(`${path}/archive`))).toEqual({ status: 409, code: "turn_active" });
    provider.release("busy-1");
    await provider.held("busy-2");
    provider.release("busy-2");
    await ledger.waitForEnd(queued.id);
    expect((await ledger.request("DELETE", path)).status).toBe(200);
  });

  test("32 may wait in a session; the next one gets 429", async () => {
    const { provider, ledger } = system();
    const session = await createSession(system());
    const running = await hold(system(), session.id, "many-1");
    const queued: Turn[] = [];
    for (let i = 0; i < 32; i += 1) queued.push(await queueTurn(system(), session.id, `many-queued-${i}`));
    const refused = await ledger.post(turnsPath(session.id), { input: "many-33", ifBusy: "queue" });
    expect(problemOf(refused)).toEqual({ status: 429, code: "queue_full" });
    expect(refused.headers["retry-after"]).toBe("5");
    for (const turn of queued) await ledger.post(`${turnPath(turn)}/interrupt`);
    provider.release("many-1");
    await ledger.waitForEnd(running.id);
    expect((await runTurn(system(), session.id, "many-last")).state).toBe("completed");
    expect(provider.modelCalls("many-queued")).toBe(0);
  });

  test("the turn's own timeout counts from when its turn came", async () => {
    const { provider, ledger } = system();
    const session = await createSession(system());
    const first = await hold(system(), session.id, "clock-1");
    const queued = await queueTurn(system(), session.id, "clock-2", { timeoutMs: 1000 });
    const slow = await queueTurn(system(), session.id, "[[deltas=2000 interval=20]] clock-3", { timeoutMs: 1000 });
    // Longer than the timeout: it would end them if it counted while they wait.
    const other = await createSession(system());
    const idle = await startTurn(system(), other.id, "[[hang]] clock-4", { idleTimeoutMs: 2000 });
    await ledger.waitForEnd(idle.id);
    expect(await readTurn(system(), queued)).toMatchObject({ state: "accepted", queued: true });
    provider.release("clock-1");
    expect((await ledger.waitForEnd(queued.id)).type).toBe("turn.completed");
    expect(await ledger.waitForEnd(slow.id)).toMatchObject({ type: "turn.interrupted", data: { reason: "timeout" } });
    await expectOneAtATime(system(), [first, queued, slow]);
  });
});

describe("with as many turns in progress as allowed", () => {
  test("queued ones wait without counting, in any session, and go as slots come free", async (t) => {
    const small = await startSystem(t, { env: { BAA_CODEXD_TURNS_MAX: "1" } });
    const [one, two] = [await createSession(small), await createSession(small)];
    const first = await hold(small, one.id, "slot-1");
    const elsewhere = await queueTurn(small, two.id, "slot-2");
    expect(elsewhere).toMatchObject({ state: "accepted", queued: true });
    const behind = await queueTurn(small, one.id, "slot-3");
    expect(problemOf(await small.ledger.post(turnsPath((await createSession(small)).id), { input: "x" }))).toEqual({
      status: 429,
      code: "turns_full",
    });
    expect(await readSession(small, two.id)).toMatchObject({ state: "running", activeTurnId: elsewhere.id });
    small.provider.release("slot-1");
    await small.ledger.waitForEnd(behind.id);
    await expectOneAtATime(small, [first, elsewhere, behind]);
    expect(askedOrder(small, ["slot-1", "slot-2", "slot-3"])).toEqual(["slot-1", "slot-2", "slot-3"]);
    await small.ledger.assertConsistent();
  });
});

test("a turn that Codex began by itself holds the queue", async () => {
  const { provider, ledger } = system();
  const session = await createSession(system());
  await runTurn(system(), session.id, "own-1");
  const gate = createGate();
  provider.setScript(async () => {
    await gate.opened;
    return { text: "a summary" };
  });
  expect((await ledger.post(`/v1/codexd/sessions/${session.id}/compact`)).status).toBe(202);
  const own = await ledger.waitFor(({ type, sessionId, data }) => {
    return type === "turn.accepted" && sessionId === session.id && data["origin"] === "codex";
  });
  const queued = await queueTurn(system(), session.id, "own-2");
  expect(queued).toMatchObject({ state: "accepted", queued: true });
  expect(await readSession(system(), session.id)).toMatchObject({ activeTurnId: own.turnId, queuedTurns: 1 });
  gate.open();
  const end = await ledger.waitForEnd(own.turnId as string);
  expect(await seqOf(system(), queued, "turn.forwarding")).toBeGreaterThan(end.seq);
  provider.setScript();
  expect((await ledger.waitForEnd(queued.id)).type).toBe("turn.completed");
});

describe("commands left running", () => {
  test("are ended before the next turn begins, and never one of its own", async () => {
    const { ledger, codexd } = system();
    const session = await createSession(system(), { cwd: codexd.workDir("left"), sandbox: "workspace-write" });
    const first = await startTurn(system(), session.id, "[[run: sleep 300]] left-1");
    await ledger.waitFor((event) => event.turnId === first.id && isCommand(event, "item.started"));
    const next = await queueTurn(system(), session.id, "[[run: sleep 1; echo lived > here; cat here]] left-2");
    await ledger.post(`${turnPath(first)}/interrupt`);
    expect((await ledger.waitForEnd(first.id)).type).toBe("turn.interrupted");
    expect((await ledger.waitForEnd(next.id)).type).toBe("turn.completed");
    expect((await readTurn(system(), next)).text).toContain("lived");
  });
});

const isCommand = (event: LedgerEvent, type: string): boolean =>
  event.type === type && (event.data["item"] as { type?: string }).type === "commandExecution";

test("all of the above left a consistent log", async () => {
  await system().ledger.assertConsistent();
});
