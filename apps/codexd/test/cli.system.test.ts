import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Codexd, codexPlay, type Play, waitGone } from "@baa/test-kit";
import { describe, expect, test } from "vitest";
import { damageText, errorOf, json, ranAndStopped, stopped } from "./support/cli.ts";
import { createSession, readTurn, runTurn, startTurn, turnEvent } from "./support/drive.ts";
import { makeFakeSystem, NO_PROBES, startFakeSystem } from "./support/fake-system.ts";

describe("the command line", () => {
  test("what is wrong is named, with exit 64, and as JSON for a program", async (t) => {
    const { codexd } = stopped(t);
    const [unknown, option, forProgram] = await Promise.all([
      codexd.cli(["stat"]),
      codexd.cli(["start", "--port", "1"]),
      codexd.cli(["log", "tail", "7", "--json"]),
    ]);
    expect([unknown.code, unknown.stdout]).toEqual([64, ""]);
    expect(unknown.stderr).toMatch(/^unknown command: stat\n\ncodexd - runs one Codex/);
    expect([option.code, option.stderr.split("\n")[0]]).toEqual([64, "codexd start: unknown option: --port"]);
    expect([forProgram.code, errorOf(forProgram)]).toEqual([
      64,
      { code: "usage", message: "codexd log tail: unexpected argument: 7" },
    ]);
    expect(fs.existsSync(codexd.layout.stateDir)).toBe(false);
  });

  test("help and version go to stdout with exit 0", async (t) => {
    const { codexd } = stopped(t);
    const [help, one, version] = await Promise.all([
      codexd.cli(["--help"]),
      codexd.cli(["help", "doctor"]),
      codexd.cli(["--version", "--json"], { env: { BAA_CODEXD_TURNS_MAX: "many" } }),
    ]);
    expect([help.code, help.stderr, one.code]).toEqual([0, "", 0]);
    expect(help.stdout).toContain("log salvage");
    expect(one.stdout).toContain("--no-probe");
    expect([version.code, json(version)]).toEqual([0, { version: "0.1.0" }]);
  });

  test("a wrong setting is exit 78 by every command that needs settings, and named", async (t) => {
    const { codexd } = stopped(t);
    const env = { BAA_CODEXD_TURNS_MAX: "many", BAA_CODEXD_TYPO: "1" };
    const [config, status, start] = await Promise.all([
      codexd.cli(["config", "--json"], { env }),
      codexd.cli(["status"], { env }),
      codexd.cli(["start", "--json"], { env }),
    ]);
    const { settings, unknown, problems } = json<{
      settings: Record<string, string>[];
      unknown: unknown;
      problems: unknown;
    }>(config);
    expect([config.code, status.code, start.code]).toEqual([78, 78, 78]);
    expect(unknown).toEqual(["BAA_CODEXD_TYPO"]);
    expect(problems).toEqual(['BAA_CODEXD_TURNS_MAX: expected number; got "many"']);
    expect(settings.find(({ name }) => name === "BAA_CODEXD_TURNS_MAX")).toMatchObject({
      value: "many",
      source: "environment",
      problem: 'expected number; got "many"',
    });
    expect(status.stderr).toContain("BAA_CODEXD_TURNS_MAX");
    expect(errorOf(start)).toMatchObject({ code: "config_invalid", message: expect.stringContaining("TURNS_MAX") });
  });

  test("config shows what a directory comes to, and what the child sees by name only", async (t) => {
    const { codexd } = stopped(t);
    const env = { OPENAI_API_KEY: "sk-secret-0123456789" };
    const result = await codexd.cli(["config", "--json"], { env });
    const { settings, childEnv } = json<{ settings: Record<string, string>[]; childEnv: string[] }>(result);
    expect(result.code).toBe(0);
    expect(settings.find(({ name }) => name === "BAA_CODEXD_STATE_DIR")).toMatchObject({
      value: codexd.layout.stateDir,
      source: "default",
    });
    expect(childEnv).toContain("OPENAI_API_KEY");
    expect(result.stdout).not.toContain("sk-secret");
  });

  test("smoke passes beside everything, and says so to a program", async (t) => {
    const { codexd } = stopped(t);
    const result = await codexd.cli(["smoke", "--json"]);
    expect([result.code, json(result)]).toEqual([0, { passed: true, steps: expect.any(Array) }]);
  });
});

describe("status", () => {
  test("ready: exit 0 with a summary; stopped: exit 69 with the next step", async (t) => {
    const { codexd } = await startFakeSystem(t, { plays: [codexPlay()], env: NO_PROBES });
    const [text, forProgram] = await Promise.all([codexd.cli(["status"]), codexd.cli(["status", "--json"])]);
    expect([text.code, forProgram.code]).toEqual([0, 0]);
    expect(text.stdout).toContain("codexd is ready (guarantees: full)");
    expect(text.stdout).toContain(`pid ${codexd.pid}`);
    expect(json(forProgram)).toMatchObject({ status: "ready", daemon: { pid: codexd.pid }, child: { state: "ready" } });
    await codexd.stop();
    const down = await codexd.cli(["status", "--json"]);
    expect([down.code, json(down)]).toEqual([
      69,
      {
        status: "down",
        reason: `codexd does not run on ${codexd.layout.stateDir}`,
        next: expect.stringContaining("start it with"),
      },
    ]);
  });

  test("the daemon is found where it says that it listens, whatever this shell has set", async (t) => {
    const { codexd } = await startFakeSystem(t, { plays: [codexPlay()], env: NO_PROBES });
    const result = await codexd.cli(["status"], { env: { BAA_CODEXD_LOCAL_API_BASE: "http://127.0.0.1:9" } });
    expect(result.code).toBe(0);
  });

  test("not ready: exit 1 with the reasons; a daemon that does not answer: exit 69", async (t) => {
    const system = makeFakeSystem({
      plays: [{ start: [{ exit: 1 }] }],
      env: NO_PROBES,
      isFollowed: false,
      until: "listening",
    });
    t.onTestFinished(() => system.dispose());
    await system.start();
    while (!(await system.codexd.request("GET", "/readyz")).text.includes("degraded")) await sleep(20);
    const result = await system.codexd.cli(["status"]);
    expect([result.code, result.stdout]).toEqual([
      1,
      expect.stringContaining("child_not_ready: The child is degraded"),
    ]);
    await system.codexd.kill("SIGSTOP");
    const frozen = await system.codexd.cli(["status", "--json"]);
    expect([frozen.code, json(frozen)["reason"]]).toEqual([69, expect.stringContaining("does not answer at")]);
  });
});

/** Events that a tail printed for a program. */
const eventsOf = (text: string): { seq: number; type: string; sessionId?: string }[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as { seq: number; type: string });

describe("log tail", () => {
  test("the same events from a running daemon and from the files of a stopped one", async (t) => {
    const system = await startFakeSystem(t, { plays: [codexPlay({ deltas: ["a", "b"] })], env: NO_PROBES });
    const { codexd, ledger } = system;
    const { id } = await createSession(system);
    const other = await createSession(system);
    const turn = await runTurn(system, id, "one");
    const words = (...more: string[]) => ["log", "tail", "--json", "--after", "0", ...more];
    const asked = [
      words(),
      words("--session", id),
      words("--types", "turn.*,session.created"),
      ["log", "tail", "--json"],
    ];
    const running = await Promise.all(asked.map((line) => codexd.cli(line)));
    const all = eventsOf(running[0]?.stdout ?? "");
    expect(running.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_event, index) => index + 1));
    expect(all.length).toBeGreaterThanOrEqual(ledger.lastSeq);
    expect(new Set(eventsOf(running[1]?.stdout ?? "").map(({ sessionId }) => sessionId))).toEqual(new Set([id]));
    expect(eventsOf(running[2]?.stdout ?? "").map(({ type }) => type)).toEqual([
      "session.created",
      "session.created",
      "turn.accepted",
      "turn.forwarding",
      "turn.started",
      "turn.completed",
    ]);
    await codexd.stop();
    const onDisk = await Promise.all(asked.slice(0, 3).map((line) => codexd.cli(line)));
    expect(eventsOf(onDisk[0]?.stdout ?? "").slice(0, all.length)).toEqual(all);
    expect(onDisk.slice(1).map(({ stdout }) => stdout)).toEqual(running.slice(1, 3).map(({ stdout }) => stdout));
    const last = eventsOf((await codexd.cli(["log", "tail", "--json"])).stdout);
    expect(last).toEqual(eventsOf(onDisk[0]?.stdout ?? "").slice(-20));
    const text = await codexd.cli(["log", "tail", "--session", other.id, "--after", "0"]);
    expect(text.stdout).toMatch(new RegExp(`^ +\\d+ {2}\\S+Z {2}session\\.created +${other.id} {2}\\{`));
    expect(turn.state).toBe("completed");
  });

  test("following goes on over a restart, and shows every event once", async (t) => {
    const system = await startFakeSystem(t, { plays: [codexPlay()], env: NO_PROBES });
    const { codexd, ledger } = system;
    const tail = codexd.spawnCli(["log", "tail", "--json", "--follow", "--after", "0"]);
    let text = "";
    tail.stdout?.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    const shows = async (test: (event: { seq: number; type: string }) => boolean): Promise<void> => {
      while (!eventsOf(text.slice(0, text.lastIndexOf("\n") + 1)).some(test))
        await once(tail.stdout as NodeJS.EventEmitter, "data");
    };
    const { id } = await createSession(system);
    await shows(({ type }) => type === "session.created");
    await codexd.restart({ signal: "SIGKILL" });
    const turn = await runTurn(system, id, "after the restart");
    const end = await turnEvent(system, turn.id, "turn.completed");
    await shows(({ seq }) => seq >= end.seq);
    tail.kill("SIGTERM");
    await once(tail, "exit");
    const seqs = eventsOf(text.slice(0, text.lastIndexOf("\n") + 1)).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_seq, index) => index + 1));
    expect(ledger.lastSeq).toBeGreaterThanOrEqual(end.seq);
  });

  test("damage on disk is skipped, named, and exit 1; a bad cursor is an error", async (t) => {
    const { system } = await ranAndStopped(t);
    damageText(path.join(system.codexd.layout.logsDir, "events.jsonl"), '"turn.forwarding"');
    const result = await system.codexd.cli(["log", "tail", "--after", "0"]);
    expect([result.code, result.stderr]).toEqual([
      1,
      expect.stringMatching(/events (\d+) to \1 are damaged or missing/),
    ]);
    expect(result.stdout).toContain("turn.completed");
    const bad = await system.codexd.cli(["log", "tail", "--after", "yesterday"]);
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringContaining("--after yesterday: a cursor is")]);
  });
});

/** Waits without end once it runs, so that its turn stays in progress. */
const HANGING = codexPlay({ deltas: ["x"], middle: [{ sleep: 600_000 }] });

const childOf = async (codexd: Codexd) =>
  ((await codexd.request("GET", "/v1/codexd/status")).json as { child: { generation: number; pid: number } }).child;

describe("child reset", () => {
  test("a new child, ready, of a later generation", async (t) => {
    const { codexd } = await startFakeSystem(t, { plays: [codexPlay()], env: NO_PROBES });
    const before = await childOf(codexd);
    const result = await codexd.cli(["child", "reset", "--json"]);
    expect([result.code, json(result)]).toEqual([
      0,
      {
        child: expect.objectContaining({ state: "ready", generation: before.generation + 1 }),
        former: expect.objectContaining({ generation: before.generation, pid: before.pid }),
      },
    ]);
    await waitGone([before.pid]);
  });

  test("refused while a turn is in progress; forced, the turn ends and the session works on", async (t) => {
    const system = await startFakeSystem(t, { plays: [HANGING, codexPlay()], env: NO_PROBES });
    const { codexd } = system;
    const { id } = await createSession(system);
    const turn = await startTurn(system, id, "long");
    await turnEvent(system, turn.id, "item.delta");
    const refused = await codexd.cli(["child", "reset", "--json"]);
    expect([refused.code, errorOf(refused)]).toEqual([
      1,
      { code: "turns_active", message: expect.stringContaining(turn.id) },
    ]);
    expect((await readTurn(system, turn)).state).toBe("running");
    const forced = await codexd.cli(["child", "reset", "--force"]);
    expect([forced.code, forced.stdout]).toEqual([0, expect.stringContaining("child restarted: generation 1 -> 2")]);
    expect(await readTurn(system, turn, 20_000)).toMatchObject({ state: "interrupted", text: "x" });
    expect((await runTurn(system, id, "again")).state).toBe("completed");
  });

  test("only an admin may, and only with a body that fits", async (t) => {
    const { codexd } = await startFakeSystem(t, { plays: [codexPlay()], env: NO_PROBES });
    expect((await codexd.request("POST", "/v1/codexd/child/reset", {}, { token: "x".repeat(43) })).status).toBe(401);
    expect((await codexd.request("POST", "/v1/codexd/child/reset", { force: "yes" })).status).toBe(422);
    expect((await codexd.request("GET", "/v1/codexd/child/reset")).status).toBe(405);
    const before = await childOf(codexd);
    const reset = await codexd.request("POST", "/v1/codexd/child/reset", {});
    expect([reset.status, reset.json]).toEqual([202, { child: expect.objectContaining({ pid: before.pid }) }]);
    await waitGone([before.pid]);
  });

  test("a child that a killed daemon left behind is ended, by who it is and not by its name", async (t) => {
    const stubborn: Play = { ...codexPlay(), onEnd: [{ sleep: 600_000 }] };
    const { codexd } = await startFakeSystem(t, { plays: [stubborn], env: NO_PROBES });
    const { pid } = await childOf(codexd);
    await codexd.kill("SIGKILL");
    const result = await codexd.cli(["child", "reset", "--json"]);
    expect([result.code, json(result)]).toEqual([
      0,
      { former: { record: "live", generation: 1, killed: [{ pid, role: "child" }] } },
    ]);
    await waitGone([pid]);
    const again = await codexd.cli(["child", "reset"]);
    expect([again.code, again.stdout]).toEqual([0, "codexd does not run; its last child ended with it\n"]);
  });
});
