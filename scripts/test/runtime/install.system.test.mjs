import fs from "node:fs";
import path from "node:path";
import * as plist from "plist";
import { describe, expect, test } from "vitest";
import { startMac, TOKEN } from "./support.mjs";

const mode = (file) => fs.statSync(file).mode & 0o777;
const environment = (file) => plist.parse(fs.readFileSync(file, "utf8")).EnvironmentVariables;

/** A Mac with its directories made. */
const prepared = async (options) => {
  const mac = await startMac(options);
  expect((await mac.run("bootstrap", [])).code).toBe(0);
  return mac;
};

describe("bootstrap", () => {
  test("makes the directories for their owner alone; a second run changes nothing", async () => {
    const mac = await startMac();
    fs.mkdirSync(path.join(mac.repo, "state"), { mode: 0o755 });
    const before = mac.snapshot();
    const dry = await mac.run("bootstrap", ["--dry-run"]);
    expect(dry).toMatchObject({ code: 0, err: "" });
    expect(dry.out.split("\n")[0]).toBe(`chmod 700 ${JSON.stringify(path.join(mac.repo, "state"))}`);
    expect(mac.snapshot()).toEqual(before);
    expect((await mac.run("bootstrap", [])).out).toContain(
      `closed: ${mac.repo}/state\nmade: ${mac.repo}/state/codexd\n`,
    );
    const names = "state state/codexd runs worktrees logs logs/codexd logs/launchd tmp".split(" ");
    expect(names.map((name) => mode(path.join(mac.repo, name)))).toEqual(names.map(() => 0o700));
    const again = await mac.run("bootstrap", []);
    expect(again).toMatchObject({ code: 0, out: "the runtime directories are all there: nothing changed\n" });
    const { ok, directories } = JSON.parse((await mac.run("bootstrap", ["--json"])).out);
    expect([ok, directories.every(({ action }) => action === "kept")]).toEqual([true, true]);
  });

  test("refuses a place that launchd's jobs may not read", async () => {
    const mac = await startMac();
    const { code, err } = await mac.run("bootstrap", [], { repoDir: `${mac.home}/Documents/baa` });
    expect(code).toBe(77);
    expect(err).toContain("put the repository elsewhere");
  });
});

describe("install-launchd", () => {
  test("codexd needs no token anywhere; it gets the paths as they are, quotes, & and CJK included", async () => {
    const mac = await prepared();
    const { code, out, err } = await mac.run("install-launchd", ["--service", "codexd"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("launchd reads these when it loads the services: codexd\n");
    expect(environment(mac.plist("codexd"))).toMatchObject({ HOME: mac.home, BAA_CODEXD_REPO_ROOT: mac.repo });
    expect(mode(mac.plist("codexd"))).toBe(0o644);
    expect(fs.existsSync(mac.tokenFile)).toBe(false);
    expect(mac.double.launchctlCalls()).toEqual([]);
  });

  test("others end with the seed's sentence when there is no token, and write nothing", async () => {
    const mac = await prepared();
    const { code, err } = await mac.run("install-launchd", []);
    expect(code).toBe(1);
    expect(err).toBe(
      "install-launchd: A shared token is required. Use --shared-token, --shared-token-file, or BAA_SHARED_TOKEN.\n",
    );
    expect(fs.existsSync(mac.agents)).toBe(false);
  });

  test("the default set; the token goes into a file of its owner's and nowhere else; a second run changes nothing", async () => {
    const mac = await prepared();
    const first = await mac.run("install-launchd", [], { env: { BAA_SHARED_TOKEN: TOKEN } });
    expect(first).toMatchObject({ code: 0, err: "" });
    expect(fs.readdirSync(mac.agents).toSorted()).toEqual(
      ["codexd", "conductor", "status-api"].map((name) => `so.makefile.baa-${name}.plist`),
    );
    expect(fs.readFileSync(mac.tokenFile, "utf8")).toBe(`${TOKEN}\n`);
    expect([mode(mac.config), mode(mac.tokenFile)]).toEqual([0o700, 0o600]);
    for (const name of fs.readdirSync(mac.agents))
      expect(fs.readFileSync(path.join(mac.agents, name), "utf8")).not.toContain(TOKEN);
    expect(first.out).not.toContain(TOKEN);
    expect(environment(mac.plist("conductor")).BAA_SHARED_TOKEN_FILE).toBe(mac.tokenFile);
    expect(environment(mac.plist("codexd")).BAA_SHARED_TOKEN_FILE).toBeUndefined();
    expect(JSON.parse(fs.readFileSync(path.join(mac.config, "runtime.json"), "utf8"))).toEqual({
      format: 1,
      node: "mini",
      addresses: {
        conductor: "http://100.71.210.78:4317",
        codexd: "http://127.0.0.1:4319",
        statusApi: "http://100.71.210.78:4318",
      },
      directories: {
        repo: mac.repo,
        state: `${mac.repo}/state`,
        logs: `${mac.repo}/logs`,
        runs: `${mac.repo}/runs`,
        worktrees: `${mac.repo}/worktrees`,
        tmp: `${mac.repo}/tmp`,
      },
      tokenFiles: { shared: mac.tokenFile, codexd: `${mac.repo}/state/codexd/token` },
      launchd: { scope: "agent", installDir: mac.agents },
    });
    const before = mac.snapshot();
    const second = await mac.run("install-launchd", []);
    expect(second.code).toBe(0);
    expect(second.out).toContain("\nnothing changed\n");
    expect(mac.snapshot()).toEqual(before);
  });

  test("--dry-run shows every key and touches nothing; --json says the same to programs", async () => {
    const mac = await prepared();
    const before = mac.snapshot();
    const args = ["--service", "codexd", "--dry-run"];
    const dry = await mac.run("install-launchd", args);
    expect(dry).toMatchObject({ code: 0, err: "" });
    expect(dry.out).toContain(`codexd: would be written: ${mac.plist("codexd")}\n`);
    expect(dry.out).toContain(`  + EnvironmentVariables.BAA_STATE_DIR: "${mac.repo}/state"\n`);
    const { ok, dryRun, services } = JSON.parse((await mac.run("install-launchd", [...args, "--json"])).out);
    expect({ ok, dryRun, services }).toMatchObject({
      ok: true,
      dryRun: true,
      services: [{ service: "codexd", label: "so.makefile.baa-codexd", state: "missing", changed: false }],
    });
    expect(mac.snapshot()).toEqual(before);
  });

  test.each([
    ["replace-me", 0o600, "BAA_SHARED_TOKEN is empty or still replace-me"],
    ["", 0o600, "BAA_SHARED_TOKEN is empty or still replace-me"],
    [TOKEN, 0o644, "has mode 0644: chmod 600"],
  ])("a token file with %j and mode %i is refused", async (value, fileMode, message) => {
    const mac = await prepared();
    const file = path.join(mac.home, "token of mine");
    fs.writeFileSync(file, value);
    fs.chmodSync(file, fileMode);
    const { code, err } = await mac.run("install-launchd", ["--shared-token-file", file]);
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(fs.existsSync(mac.agents)).toBe(false);
  });

  test("a token file of one's own is used where it is", async () => {
    const mac = await prepared();
    const file = path.join(mac.home, "token of mine");
    fs.writeFileSync(file, TOKEN, { mode: 0o600 });
    expect((await mac.run("install-launchd", ["--shared-token-file", file])).code).toBe(0);
    expect(environment(mac.plist("status-api")).BAA_SHARED_TOKEN_FILE).toBe(file);
    expect(fs.existsSync(mac.tokenFile)).toBe(false);
  });

  test("--shared-token works, and says that everybody sees it", async () => {
    const mac = await prepared();
    const { code, out, err } = await mac.run("install-launchd", ["--shared-token", TOKEN, "--service", "conductor"]);
    expect(code).toBe(0);
    expect(err).toContain("visible to every user in ps");
    expect(out + err).not.toContain(TOKEN);
    expect(fs.readFileSync(mac.tokenFile, "utf8")).toBe(`${TOKEN}\n`);
  });

  test("an option beats the variable of its name, that beats the node's profile", async () => {
    const mac = await prepared();
    const env = { BAA_CODEXD_LOCAL_API_BASE: "http://127.0.0.1:5000", BAA_CODEXD_SERVER_COMMAND: "/opt/codex it's" };
    const args = ["--service", "codexd", "--codexd-api-base", "http://127.0.0.1:6000"];
    expect((await mac.run("install-launchd", args, { env })).code).toBe(0);
    expect(environment(mac.plist("codexd"))).toMatchObject({
      BAA_CODEXD_LOCAL_API_BASE: "http://127.0.0.1:6000",
      BAA_CODEXD_SERVER_COMMAND: "/opt/codex it's",
      BAA_CODEXD_EVENT_STREAM_PATH: "/v1/codexd/events",
    });
  });

  test("what is not built, and directories that are not made, are named with the next step; nothing is written", async () => {
    const mac = await prepared({ unbuilt: ["worker-runner"] });
    const args = ["--all-services"];
    const unbuilt = await mac.run("install-launchd", args, { env: { BAA_SHARED_TOKEN: TOKEN } });
    expect(unbuilt.code).toBe(69);
    expect(unbuilt.err).toContain("worker-runner is not built: there is no ");
    fs.rmSync(path.join(mac.repo, "logs/launchd"), { recursive: true });
    const { code, err } = await mac.run("install-launchd", ["--service", "codexd"]);
    expect(code).toBe(69);
    expect(err).toContain("logs/launchd; run scripts/runtime/bootstrap.sh first");
    expect(fs.existsSync(mac.agents)).toBe(false);
  });

  test("one at a time: a lock that is held is respected, one whose holder is gone is not", async () => {
    const mac = await prepared();
    const lock = path.join(mac.config, "launchd.lock");
    fs.mkdirSync(lock, { recursive: true });
    fs.writeFileSync(path.join(lock, "pid"), `${process.ppid}\n`);
    const held = await mac.run("install-launchd", ["--service", "codexd"]);
    expect(held.code).toBe(75);
    expect(held.err).toContain(`another run is at work (pid ${process.ppid}, ${lock})`);
    expect(fs.existsSync(lock)).toBe(true);
    fs.writeFileSync(path.join(lock, "pid"), "4194304\n"); // above every pid
    expect((await mac.run("install-launchd", ["--service", "codexd"])).code).toBe(0);
    expect(fs.existsSync(lock)).toBe(false);
  });

  test("root is refused for agents and welcome for daemons", async () => {
    const mac = await prepared({ launchd: { uid: 0, domains: ["system"] } });
    const refused = await mac.run("install-launchd", ["--service", "codexd"]);
    expect(refused.code).toBe(77);
    expect(refused.err).toContain("run this without sudo, or use --scope daemon");
    const args = ["--service", "codexd", "--scope", "daemon", "--username", "george", "--install-dir", mac.agents];
    expect((await mac.run("install-launchd", args)).code).toBe(0);
    expect(plist.parse(fs.readFileSync(mac.plist("codexd"), "utf8")).UserName).toBe("george");
  });
});
