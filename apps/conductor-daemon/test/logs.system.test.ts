import { LogsPage } from "@baa/contracts";
import type { Conductor } from "@baa/test-kit";
import { expect, test } from "vitest";
import { createSession, startTurn } from "./support/drive.ts";
import { startSystem, waitLink } from "./support/system.ts";

const read = async (conductor: Conductor, query: string): Promise<LogsPage> =>
  LogsPage.parse((await conductor.request("GET", `/v1/logs${query}`, undefined, { timeoutMs: 70_000 })).json);

test("one index over work and dialogue; while codexd is down it says so, and what it missed comes later", async (t) => {
  const system = await startSystem(t);
  const { conductor, codexd, ledger } = system;
  const session = await createSession(system);
  const turn = await startTurn(system, session.id, "remember the word heliotrope");
  await ledger.waitForEnd(turn.id);
  await conductor.request("POST", "/v1/control/pause", { id: "looking" });

  // What was said and what was done, in one list, by time.
  const all = await read(conductor, "?limit=1000");
  expect(all.partial).toEqual([]);
  expect(all.entries.map(({ at }) => at)).toEqual(all.entries.map(({ at }) => at).toSorted());
  const types = all.entries.map(({ source, type }) => `${source} ${type}`);
  expect(types).toContain("codexd turn.completed");
  expect(types).toContain("conductor control.changed");
  expect(types).not.toContain("conductor turn.completed");
  expect(types).not.toContain("codexd item.delta");
  const said = await read(conductor, "?text=HELIOTROPE&order=newest&limit=1");
  expect(said.entries).toMatchObject([{ source: "codexd", type: "item.completed", turnId: turn.id }]);
  const since = all.entries.find(({ type }) => type === "turn.accepted")?.at ?? "";
  const later = await read(conductor, `?since=${since}&sessionId=${session.id}&limit=1`);
  expect(later.entries).toMatchObject([{ type: "turn.accepted", at: since }]);

  // A follower keeps its place in codexd's log while codexd is down.
  await codexd.kill("SIGKILL");
  await waitLink(conductor, "down");
  const down = await read(conductor, `?cursor=${all.nextCursor}&waitMs=30000&types=codexd.*,turn.*`);
  expect(down.entries).toMatchObject([{ source: "conductor", type: "codexd.down" }]);
  expect(down.partial).toMatchObject([{ source: "codexd", since: expect.any(String), reason: expect.any(String) }]);
  const waiting = read(conductor, `?cursor=${down.nextCursor}&waitMs=60000&source=codexd&types=child.*`);
  await codexd.start();
  const back = await waiting;
  expect([back.partial, back.entries[0]?.type]).toEqual([[], expect.stringMatching(/^child\./)]);

  const whole = await read(conductor, `?cursor=${down.nextCursor}&types=codexd.*,turn.*,child.*`);
  expect(whole.entries.map(({ type }) => type)).toContain("codexd.up");
  const seqs = [...all.entries, ...whole.entries].filter(({ source }) => source === "codexd").map(({ seq }) => seq);
  expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
});
