import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { codexPlay } from "@baa/test-kit";
import { describe, expect, test } from "vitest";
import { damageText, errorOf, json, ranAndStopped, troubles } from "./support/cli.ts";
import { createSession, readTurn, runTurn, startTurn, turnEvent } from "./support/drive.ts";
import { type FakeSystem, NO_PROBES, startFakeSystem } from "./support/fake-system.ts";
import { startSystem } from "./support/system.ts";
import { digestTree } from "./support/tree.ts";

interface Salvaged {
  status: string;
  setAside: string;
  files: string[];
  log: { rebuilt: boolean; oldestSeq: number; nextSeq: number; holes: unknown[] };
  sessions: { count: number };
  turns: { count: number; toSettle: string[]; partlyKnown: string[] };
  lost: string[];
}

/** What a restarted daemon shows. */
const states = async (system: FakeSystem, sessionId: string, turnIds: readonly string[]): Promise<string[]> =>
  Promise.all(turnIds.map(async (id) => (await readTurn(system, { id, sessionId })).state));

describe("log salvage", () => {
  test("nothing is damaged: nothing is done; a running daemon: refused by its name", async (t) => {
    const { system } = await ranAndStopped(t);
    const before = digestTree(system.codexd.root.join("runtime"));
    const result = await system.codexd.cli(["log", "salvage", "--json"]);
    expect([result.code, json(result)]).toEqual([0, { status: "nothing" }]);
    expect(digestTree(system.codexd.root.join("runtime"))).toEqual(before);
    await system.codexd.start();
    for (const verb of ["salvage", "reset"]) {
      const refused = await system.codexd.cli(["log", verb, "--json"]);
      expect([refused.code, errorOf(refused)]).toEqual([
        75,
        { code: "lock_held", message: expect.stringContaining(`held by pid ${system.codexd.pid} (codexd start)`) },
      ]);
    }
  });

  test("both generations of every registry are damaged: all comes back from the log", async (t) => {
    const { system, sessionId, turnIds } = await ranAndStopped(t);
    const { stateDir } = system.codexd.layout;
    for (const name of ["session-registry.json", "run-registry.json", "approval-registry.json"])
      for (const suffix of ["", ".prev"]) fs.writeFileSync(path.join(stateDir, name + suffix), `garbage ${suffix}`);
    await system.codexd.start({ until: "listening" });
    expect((await system.codexd.request("GET", "/readyz")).text).toContain("codexd log salvage");
    await system.codexd.stop();
    const report = json<Salvaged>(await system.codexd.cli(["log", "salvage", "--json"]));
    expect(report).toMatchObject({ status: "salvaged", log: { rebuilt: false }, sessions: { count: 1 }, lost: [] });
    expect(fs.readFileSync(path.join(report.setAside, "session-registry.json.prev"), "utf8")).toBe("garbage .prev");
    await system.codexd.start();
    expect(await states(system, sessionId, turnIds)).toEqual(["completed", "completed"]);
    expect((await runTurn(system, sessionId, "three")).state).toBe("completed");
    await system.ledger.assertConsistent();
  });

  test("the log is damaged in the middle: sessions and turns stay, no number is used twice, work goes on", async (t) => {
    const { system, sessionId, turnIds } = await ranAndStopped(t);
    const { logsDir } = system.codexd.layout;
    const head = system.ledger.lastSeq;
    const active = path.join(logsDir, "events.jsonl");
    damageText(active, '"item.delta"');
    const damaged = fs.readFileSync(active);
    await system.codexd.start({ until: "listening" });
    expect((await system.codexd.request("GET", "/readyz")).status).toBe(503);
    const tail = await system.codexd.cli(["log", "tail", "--after", "0", "--types", "turn.completed"]);
    expect([tail.code, tail.stdout.match(/turn\.completed/g)]).toEqual([1, ["turn.completed", "turn.completed"]]);
    await system.codexd.stop();
    const result = await system.codexd.cli(["log", "salvage", "--json"]);
    const report = json<Salvaged>(result);
    expect([result.code, report.log.rebuilt, report.log.holes.length]).toEqual([0, true, 1]);
    expect(report.log.nextSeq).toBeGreaterThan(head);
    expect(fs.readFileSync(path.join(report.setAside, "events.jsonl"))).toEqual(damaged);
    await system.codexd.start();
    expect(await states(system, sessionId, turnIds)).toEqual(["completed", "completed"]);
    expect((await runTurn(system, sessionId, "three")).state).toBe("completed");
    const verified = await system.codexd.cli(["log", "verify"]);
    expect(verified.code).toBe(0);
    const page = (await system.codexd.request("GET", "/v1/codexd/events?after=0&limit=10000")).json as {
      events: { seq: number; type: string; data: { from: number; to: number } }[];
    };
    const gap = page.events.find(({ type }) => type === "log.gap");
    expect(gap?.data.to).toBe((gap?.seq ?? 0) - 1);
    expect(page.events.find(({ type }) => type === "log.recovered")).toMatchObject({ data: { by: "salvage" } });
  });

  test("a turn that may have been forwarded is not sent again", async (t) => {
    const silent = codexPlay({}, { "turn/start": [{ sleep: 600_000 }] });
    const system = await startFakeSystem(t, { plays: [silent], env: NO_PROBES });
    const { codexd, child } = system;
    const { id } = await createSession(system);
    const turn = await startTurn(system, id, "only once");
    await turnEvent(system, turn.id, "turn.forwarding");
    while (child.received("turn/start").length === 0) await sleep(10);
    await codexd.kill("SIGKILL");
    damageText(path.join(codexd.layout.logsDir, "events.jsonl"), '"turn.forwarding"');
    const report = json<Salvaged>(await codexd.cli(["log", "salvage", "--json"]));
    expect(report.turns).toEqual({ count: 1, toSettle: [turn.id], partlyKnown: [] });
    child.setPlays([codexPlay()]);
    await codexd.start();
    const ended = await readTurn(system, turn, 20_000);
    expect(["failed", "lost"]).toContain(ended.state);
    expect(child.received("turn/start")).toHaveLength(1);
  });

  test("a session that is only in one damaged checkpoint is confirmed by Codex, and goes on with its history", async (t) => {
    const system = await startSystem(t);
    const { codexd } = system;
    const { id } = await createSession(system);
    await runTurn(system, id, "salvage-1");
    await codexd.stop();
    const { stateDir, logsDir } = codexd.layout;
    damageText(path.join(logsDir, "events.jsonl"), '"session.created"');
    const registry = path.join(stateDir, "session-registry.json");
    damageText(registry, '"crc"');
    fs.writeFileSync(`${registry}.prev`, "garbage");
    const alone = await codexd.cli(["doctor", "--json", "--no-probe"]);
    expect(troubles(alone)).toEqual(["fail log", "fail session-registry.json"]);
    const report = json<Salvaged & { sessions: unknown }>(await codexd.cli(["log", "salvage", "--json"]));
    expect(report.sessions).toEqual({ count: 1, fromCheckpoint: [id], fromCodex: [], unconfirmed: [] });
    await codexd.start();
    expect((await runTurn(system, id, "salvage-2")).text).toBe("You said: salvage-2");
    const session = (await codexd.request("GET", `/v1/codexd/sessions/${id}`)).json as {
      session: { threadId: string };
    };
    expect(session.session.threadId).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("log reset", () => {
  test("sets all aside, and the next start begins a new log", async (t) => {
    const { system } = await ranAndStopped(t);
    const result = await system.codexd.cli(["log", "reset", "--json"]);
    const { setAside, files } = json<{ setAside: string; files: string[] }>(result);
    expect(result.code).toBe(0);
    expect(files).toEqual(expect.arrayContaining(["events.jsonl", "session-registry.json", "run-registry.json"]));
    expect(fs.readdirSync(setAside).sort()).toEqual([...files].sort());
    await system.codexd.start();
    const sessions = (await system.codexd.request("GET", "/v1/codexd/sessions")).json as { sessions: unknown[] };
    expect(sessions.sessions).toEqual([]);
  });
});
