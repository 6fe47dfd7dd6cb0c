import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { acquireLock } from "@baa/storage";
import { codexPlay } from "@baa/test-kit";
import { describe, expect, test } from "vitest";
import { damageText, finding, json, ranAndStopped, stopped, troubles } from "./support/cli.ts";
import { createSession, runTurn } from "./support/drive.ts";
import { startSystem } from "./support/system.ts";
import { digestTree } from "./support/tree.ts";

describe("doctor", () => {
  test("healthy, on the real codex, with the daemon running and not disturbed by it", async (t) => {
    const system = await startSystem(t);
    const { codexd } = system;
    const { id } = await createSession(system);
    await runTurn(system, id, "doctor-1");
    const before = { child: await codexd.childPid(), files: digestTree(codexd.layout.stateDir) };
    const result = await codexd.cli(["doctor", "--json"]);
    expect([result.code, troubles(result)]).toEqual([0, []]);
    expect(json(result)["status"]).toBe("ok");
    expect(finding(result, "codex version")?.message).toMatch(/^0\.169\.0, the one/);
    expect(finding(result, "codex protocol")?.message).toMatch(/^all \d+ methods/);
    expect(finding(result, "lock")?.message).toContain(`pid ${codexd.pid} (codexd start)`);
    expect(finding(result, "daemon")?.message).toContain(codexd.url);
    expect(finding(result, "rollouts")?.status).toBe("ok");
    expect({ child: await codexd.childPid(), files: digestTree(codexd.layout.stateDir) }).toEqual(before);
  });

  test("another app-server on the same CODEX_HOME is named", async (t) => {
    const system = await startSystem(t);
    const { codexd } = system;
    const { id } = await createSession(system);
    await runTurn(system, id, "doctor-2");
    // The daemon's own child becomes another's: nothing records it as ours any more.
    fs.rmSync(path.join(codexd.layout.stateDir, "daemon-state.json"));
    const result = await codexd.cli(["doctor", "--json", "--no-probe"]);
    expect(result.code).toBe(0);
    expect(finding(result, "other app-servers")).toMatchObject({
      status: "warn",
      message: expect.stringContaining(String(await codexd.childPid())),
      next: expect.any(String),
    });
  });

  test("a wrong mode, a bad policy, a short token", async (t) => {
    const { system } = await ranAndStopped(t);
    const { stateDir, logsDir, home } = system.codexd.layout;
    fs.chmodSync(logsDir, 0o755);
    fs.chmodSync(path.join(stateDir, "token"), 0o644);
    fs.mkdirSync(path.join(home, ".config/baa-conductor"), { recursive: true });
    fs.writeFileSync(path.join(home, ".config/baa-conductor/policy.json"), '{"sandbox":["everything"]}');
    const result = await system.codexd.cli(["doctor", "--json", "--no-probe"]);
    expect([result.code, troubles(result)]).toEqual([1, ["fail logs directory", "fail token", "fail policy"]]);
    expect(finding(result, "logs directory")).toMatchObject({ next: `chmod 700 ${logsDir}` });
    expect(finding(result, "token")?.message).toContain("its mode is 0644");
    expect(finding(result, "policy")?.message).toContain("sandbox");
  });

  test("a port that another process has", async (t) => {
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    t.onTestFinished(() => void server.close());
    const { port } = server.address() as net.AddressInfo;
    const { codexd } = stopped(t, [codexPlay()], { port });
    const result = await codexd.cli(["doctor", "--json", "--no-probe"]);
    expect([result.code, troubles(result)]).toEqual([1, ["fail port"]]);
    expect(finding(result, "port")?.message).toContain(`127.0.0.1:${port} is taken by pid ${process.pid}`);
  });

  test("a lock that somebody holds who does not answer", async (t) => {
    const { codexd } = stopped(t);
    fs.mkdirSync(codexd.layout.stateDir, { recursive: true, mode: 0o700 });
    const lock = acquireLock(path.join(codexd.layout.stateDir, "lock"), { holder: "codexd start" });
    t.onTestFinished(() => lock.release());
    const result = await codexd.cli(["doctor", "--json", "--no-probe"], {
      env: { BAA_CODEXD_LOCAL_API_BASE: "http://127.0.0.1:9" },
    });
    expect([result.code, troubles(result)]).toEqual([1, ["fail daemon"]]);
    expect(finding(result, "lock")?.message).toContain(`held by pid ${process.pid} (codexd start)`);
  });

  test("a damaged log and a damaged checkpoint", async (t) => {
    const { system } = await ranAndStopped(t);
    const { stateDir, logsDir } = system.codexd.layout;
    damageText(path.join(logsDir, "events.jsonl"), '"turn.completed"');
    for (const suffix of ["", ".prev"])
      fs.writeFileSync(path.join(stateDir, `session-registry.json${suffix}`), "garbage");
    damageText(path.join(stateDir, "run-registry.json"), "turn_");
    const before = digestTree(system.codexd.root.join("runtime"));
    const result = await system.codexd.cli(["doctor", "--json", "--no-probe"]);
    expect([result.code, troubles(result)]).toEqual([
      1,
      ["fail log", "fail session-registry.json", expect.stringMatching(/^(warn|fail) run-registry.json$/)],
    ]);
    expect(finding(result, "log")?.next).toContain("codexd log salvage");
    expect(digestTree(system.codexd.root.join("runtime"))).toEqual(before);
  });

  test("Codex: missing, one that does not start, and one of another version that lacks methods", async (t) => {
    const old = codexPlay(
      {},
      {
        initialize: [{ reply: { userAgent: "codexd/0.142.0 (Fake 1.0.0; x86_64) fake (codexd; 0)" } }],
        "codexd/capabilities": [
          {
            error: {
              message:
                "Invalid request: unknown variant `codexd/capabilities`, expected one of `initialize`, `thread/start`",
            },
          },
        ],
      },
    );
    const { codexd, child } = stopped(t, [old]);
    const missing = await codexd.cli(["doctor", "--json"], { env: { BAA_CODEXD_SERVER_COMMAND: "/nowhere/codex" } });
    expect([missing.code, finding(missing, "codex binary")]).toEqual([
      1,
      expect.objectContaining({ status: "fail", message: "/nowhere/codex is not there, or cannot be executed" }),
    ]);
    const other = await codexd.cli(["doctor", "--json"]);
    expect([other.code, troubles(other)]).toEqual([1, ["warn codex version", "fail codex protocol"]]);
    expect(finding(other, "codex version")?.message).toMatch(/^0\.142\.0; codexd was made and tested with 0\.169\.0/);
    expect(finding(other, "codex protocol")?.message).toContain("turn/start");
    child.setPlays([{ start: [{ stderr: "Error: no such feature\n" }, { exit: 1 }] }]);
    const broken = await codexd.cli(["doctor", "--json"]);
    expect([broken.code, finding(broken, "codex start")?.message]).toEqual([
      1,
      expect.stringContaining("Error: no such feature"),
    ]);
    expect(codexd.processes()).toEqual([]);
  });

  test("wrong settings are the only finding, and people get lines", async (t) => {
    const { codexd } = stopped(t);
    const result = await codexd.cli(["doctor"], { env: { BAA_CODEXD_TURNS_MAX: "many" } });
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(
      /^fail {2}settings +BAA_CODEXD_TURNS_MAX: expected number; got "many"\n +-> correct them/,
    );
    expect(result.stdout).toContain("0 ok, 0 warnings, 1 failed");
  });
});
