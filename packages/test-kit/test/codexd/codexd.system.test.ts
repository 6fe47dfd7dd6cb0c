import { expect, test } from "vitest";
import { startLoopbackProvider } from "@baa/loopback-provider";
import {
  codexPlay,
  createFakeChild,
  isAlive,
  startCodexd,
  startHalfOpenProxy,
  tempRoot,
  waitGone,
} from "../../src/index.ts";
import type { Codexd, LedgerClient } from "../../src/index.ts";

async function startTurn(ledger: LedgerClient, input: string): Promise<string> {
  const session = (await ledger.post("/v1/codexd/sessions")).json as { session: { id: string } };
  const reply = await ledger.post(`/v1/codexd/sessions/${session.session.id}/turns`, { input });
  expect([reply.status, reply.text]).toEqual([202, expect.any(String)]);
  return (reply.json as { turn: { id: string } }).turn.id;
}

async function pids(codexd: Codexd): Promise<number[]> {
  return [codexd.pid, await codexd.childPid()];
}

test("on a scripted child: a turn, its ledger, a kill -9, and the same port again", async (t) => {
  const fake = createFakeChild({ dir: tempRoot({ test: t }).join("fake"), plays: [codexPlay()] });
  const codexd = await startCodexd({ test: t, child: fake });
  const ledger = codexd.ledger().follow();
  const end = await ledger.waitForEnd(await startTurn(ledger, "hello"));
  expect(end.type).toBe("turn.completed");
  expect(fake.received("turn/start")).toHaveLength(1);
  const before = await pids(codexd);
  expect(codexd.processes().map(({ pid }) => pid)).toEqual(expect.arrayContaining(before));
  const { url } = codexd;
  await codexd.restart({ signal: "SIGKILL" });
  expect([codexd.url, codexd.lives]).toEqual([url, 2]);
  await waitGone(before);
  await ledger.waitForEnd(await startTurn(ledger, "after the crash"));
  await ledger.assertConsistent();
});

test("on the real codex with the loopback provider: a turn, then nothing is left running", async (t) => {
  const provider = await startLoopbackProvider();
  t.onTestFinished(() => provider.stop());
  const codexd = await startCodexd({ provider });
  const ledger = codexd.ledger().follow();
  await ledger.waitForEnd(await startTurn(ledger, "marker-77"));
  expect(provider.modelCalls("marker-77")).toBe(1);
  await ledger.assertConsistent();
  const running = await pids(codexd);
  await codexd.dispose();
  expect(running.filter((pid) => isAlive(pid))).toEqual([]);
});

test("a child that survives its daemon is gone after dispose", async (t) => {
  const stubborn = { ...codexPlay(), onEnd: [], onSignal: { SIGTERM: [] } };
  const fake = createFakeChild({ dir: tempRoot({ test: t }).join("fake"), plays: [stubborn] });
  const codexd = await startCodexd({ child: fake });
  const child = await codexd.childPid();
  await codexd.kill();
  expect(isAlive(child)).toBe(true);
  expect(codexd.processes().map(({ pid }) => pid)).toEqual([child]);
  await codexd.dispose();
  expect(isAlive(child)).toBe(false);
});

test("from source, behind a link that stalls: what was missed comes afterwards, whole", async (t) => {
  const fake = createFakeChild({ dir: tempRoot({ test: t }).join("fake"), plays: [codexPlay()] });
  const codexd = await startCodexd({ test: t, child: fake, built: false });
  const proxy = await startHalfOpenProxy({ port: codexd.port });
  t.onTestFinished(() => proxy.stop());
  const through = { url: () => `http://127.0.0.1:${proxy.port}`, headers: { host: `127.0.0.1:${codexd.port}` } };
  const [behind, direct] = [codexd.ledger(through).follow(), codexd.ledger().follow()];
  await behind.waitForEnd(await startTurn(direct, "one"));
  proxy.set("stalled");
  const turnId = await startTurn(direct, "two");
  await direct.waitForEnd(turnId);
  expect(behind.events().some((event) => event.turnId === turnId)).toBe(false);
  proxy.set("open");
  await behind.waitForEnd(turnId);
  expect(behind.lastSeq).toBe(direct.lastSeq);
  await behind.assertConsistent();
});

test("a start that cannot succeed says how it ended, with the last output", async () => {
  const refused = startCodexd({ env: { BAA_CODEXD_LOCAL_API_BASE: "http://192.0.2.1:1" } });
  await expect(refused).rejects.toThrow(/codexd ended \(code 78, signal null\) before it did listen:\n\[codexd 1/);
});

test("failpoints reach the daemon", async (t) => {
  const fake = createFakeChild({ dir: tempRoot({ test: t }).join("fake"), plays: [codexPlay()] });
  const point = { fn: "openSync", nth: 1, action: "kill", path: "state/codexd" } as const;
  const codexd = await startCodexd({ test: t, child: fake, failpoints: [point], until: "spawned" });
  expect(await codexd.waitExit()).toEqual({ code: null, signal: "SIGKILL" });
});
