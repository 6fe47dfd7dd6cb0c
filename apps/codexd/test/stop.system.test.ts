import { startLoopbackProvider } from "@baa/loopback-provider";
import { type PlainReply, startCodexd, waitGone } from "@baa/test-kit";
import { describe, expect, test } from "vitest";
import { createSession, problemOf, readTurn, runTurn, startTurn, turnPath, turnsPath } from "./support/drive.ts";
import { readSse } from "@baa/test-kit";
import { startSystem } from "./support/system.ts";

describe.concurrent("stop and start", () => {
  test("SIGTERM in the middle of a turn: everybody is let go in order, and the next start settles the turn", async (t) => {
    const system = await startSystem(t);
    const { codexd, ledger, provider } = system;
    const session = await createSession(system);
    const turn = await startTurn(system, session.id, "[[deltas=9 hold=term after=4]] term-1");
    await ledger.waitFor((event) => event.turnId === turn.id && event.data["delta"] === "w3 ");
    const child = await codexd.childPid();
    const waiting = codexd.request("GET", `${turnPath(turn)}?waitMs=60000`);
    const paging = codexd.request("GET", `/v1/codexd/events?after=${ledger.lastSeq}&waitMs=60000&types=turn.completed`);
    const url = `${codexd.url}/v1/codexd/events`;
    const streaming = readSse({ url, token: codexd.token(), isLast: (frame) => frame.event === "bye" });
    const startedMs = performance.now();
    expect(await codexd.stop()).toEqual({ code: 0, signal: null });
    expect(performance.now() - startedMs).toBeLessThan(15_000);
    await waitGone([child]);
    expect(codexd.processes()).toEqual([]);
    expect((await streaming).at(-1)?.data).toMatchObject({ type: "bye", code: 1001 });
    expect(ledger.controls.filter(({ frame }) => frame.type === "bye")).toHaveLength(1);
    expect((await waiting).json).toMatchObject({ turn: { id: turn.id, text: "w0 w1 w2 w3 " } });
    expect((await paging).status).toBe(200);
    await codexd.start();
    expect(await ledger.waitForEnd(turn.id)).toMatchObject({
      type: "turn.interrupted",
      data: { reason: "child_exited" },
    });
    expect(await readTurn(system, turn)).toMatchObject({ state: "interrupted", text: "w0 w1 w2 w3 " });
    expect((await runTurn(system, session.id, "term-2")).text).toBe("You said: term-2");
    expect(provider.modelCalls("term-1")).toBe(1);
    await ledger.assertConsistent();
    const kinds = new Set(ledger.events().map((event) => event.type));
    expect([kinds.has("log.gap"), kinds.has("log.recovered")]).toEqual([false, false]);
  });

  test("who waits for a child that is down is told at once that the service stops", async (t) => {
    const provider = await startLoopbackProvider();
    t.onTestFinished(() => provider.stop());
    const codexd = await startCodexd({ test: t, provider, child: { command: "/nowhere/codex" }, until: "listening" });
    const system = { codexd, provider, ledger: codexd.ledger().follow() };
    const session = await createSession(system);
    const ask = (): Promise<PlainReply> =>
      system.ledger.post(turnsPath(session.id), { input: "down-1" }, { "idempotency-key": "down" });
    const asked = [ask(), ask()];
    // One of them is told that the other waits.
    expect(problemOf(await Promise.race(asked))).toEqual({ status: 409, code: "idempotency_in_progress" });
    const startedMs = performance.now();
    expect(await codexd.stop()).toEqual({ code: 0, signal: null });
    const waited = (await Promise.all(asked)).filter((reply) => reply.status !== 409);
    expect(waited.map(problemOf)).toEqual([{ status: 503, code: "stopping" }]);
    expect(performance.now() - startedMs).toBeLessThan(4000);
  });

  test("stopping in order and starting again a few times leaves nothing behind and loses nothing", async (t) => {
    const system = await startSystem(t);
    const session = await createSession(system);
    for (const round of [1, 2, 3]) {
      await runTurn(system, session.id, `round-${round}`);
      expect(await system.codexd.stop()).toEqual({ code: 0, signal: null });
      expect(system.codexd.processes()).toEqual([]);
      await system.codexd.start();
    }
    await system.ledger.assertConsistent();
    const seqs = (await system.ledger.stored()).events.map((event) => event.seq);
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => i + 1));
  });
});
