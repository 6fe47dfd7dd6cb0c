import { waitGone } from "@baa/test-kit";
import { expect, test } from "vitest";
import { createSession, readTurn, startTurn } from "./support/drive.ts";
import { startSystem } from "./support/system.ts";

test("start, a turn on the real codex, stop", async (t) => {
  const system = await startSystem(t);
  const { codexd, provider, ledger } = system;
  const session = await createSession(system);
  const turn = await startTurn(system, session.id, "smoke-1 Grüße 👋");
  expect((await ledger.waitForEnd(turn.id)).type).toBe("turn.completed");
  expect((await readTurn(system, turn)).text).toBe("You said: smoke-1 Grüße 👋");
  expect(provider.modelCalls("smoke-1")).toBe(1);
  await ledger.assertConsistent();
  const child = await codexd.childPid();
  expect(await codexd.stop()).toEqual({ code: 0, signal: null });
  await waitGone([child]);
  expect(codexd.processes()).toEqual([]);
});
