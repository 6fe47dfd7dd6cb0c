// install-mini.sh and rollback.sh on one Mac, from nothing through good and bad releases and back; then single faults.
import fs from "node:fs";
import path from "node:path";
import * as plist from "plist";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CRASH, sharedMini, startMini } from "./mini-support.mjs";

const mode = (file) => fs.statSync(file).mode & 0o777;
const SERVICES = ["conductor", "codexd", "status-api"];

/** Without what every start of a service appends to. */
const stable = (mac) => mac.snapshot().filter((line) => !line.includes("/logs/launchd/"));

describe("the life of an installation", () => {
  const shared = sharedMini();
  let mac;
  let first;
  let second;

  beforeAll(async () => {
    mac = await shared.start();
  });
  afterAll(shared.end);

  const codexd = ["--service", "codexd"];
  const pids = () => SERVICES.map(mac.pid);
  const plists = () => SERVICES.map((service) => fs.readFileSync(mac.plist(service), "utf8"));
  const restarted = (calls) =>
    calls
      .filter((call) => call.startsWith("bootout"))
      .map((call) => call.replace("bootout gui/501/so.makefile.baa-", ""));

  test("one command from nothing to green", async () => {
    const { code, out, err } = await mac.mini();
    expect(code, err + out).toBe(0);
    expect(out).toMatch(
      /\nall checks passed\n\d{8}T\d{6}Z-[0-9a-f]{8} serves; restarted: conductor codexd status-api\n$/,
    );
    first = mac.current();
    const { ProgramArguments, WorkingDirectory, EnvironmentVariables } = plist.parse(plists()[1]);
    expect(ProgramArguments[1]).toBe(`${mac.repo}/releases/current/apps/codexd/dist/index.js`);
    expect([WorkingDirectory, EnvironmentVariables.BAA_CODEXD_REPO_ROOT]).toEqual([mac.repo, mac.repo]);
    expect(EnvironmentVariables.BAA_STATE_DIR).toBe(`${mac.repo}/state`);
    expect([mode(mac.config), mode(mac.tokenFile)]).toEqual([0o700, 0o600]);
    const token = fs.readFileSync(mac.tokenFile, "utf8");
    expect(token).toMatch(/^[\w-]{43}\n$/);
    expect(out + err + JSON.stringify(mac.double.calls)).not.toContain(token.trim());
    expect(JSON.parse(fs.readFileSync(path.join(mac.config, "runtime.json"), "utf8"))).toMatchObject({
      addresses: { conductor: mac.conductor, codexd: mac.codexd, statusApi: `http://${mac.host}:4318` },
      directories: { repo: mac.repo },
    });
  });

  test("a second run restarts nothing and writes nothing", async () => {
    const [running, before] = [pids(), stable(mac)];
    const { code, out, err, calls } = await mac.changes(() => mac.mini());
    expect({ code, calls }, err).toEqual({ code: 0, calls: [] });
    expect(out).toContain(`\n${first}: nothing was restarted\n`);
    expect(stable(mac)).toEqual(before);
    expect(pids()).toEqual(running);
  });

  test("a build that does not load is refused before anything is changed", async () => {
    const [running, before] = [pids(), stable(mac)];
    const mend = mac.rebuild("status-api", 'import "a-package-that-is-not-there";');
    const { code, err, calls } = await mac.changes(() => mac.mini());
    expect({ code, calls }).toEqual({ code: 1, calls: [] });
    expect(err).toContain("the new release does not load:\n");
    expect(err).toContain("Cannot find package 'a-package-that-is-not-there'");
    mend();
    const others = (lines) => lines.filter((line) => !line.includes("/apps/status-api/dist/"));
    expect(others(stable(mac))).toEqual(others(before));
    expect(pids()).toEqual(running);
  });

  test("an interrupt before the services are touched leaves release and plists as they were", async () => {
    const [running, before] = [pids(), plists()];
    const mend = mac.rebuild("codexd", "// yet another build");
    const hook = path.join(mac.repo, "scripts/runtime/install-launchd.sh");
    const script = fs.readFileSync(hook, "utf8");
    fs.writeFileSync(hook, '#!/bin/bash\nkill -TERM "$PPID"\n');
    const { code, err, calls } = await mac.changes(() => mac.mini("--local-api-allowed-hosts", "other"));
    fs.writeFileSync(hook, script);
    mend();
    expect({ code, calls }).toEqual({ code: 143, calls: [] });
    expect(err).toContain("install-mini: release and plists are as they were before\n");
    expect([pids(), plists(), mac.current()]).toEqual([running, before, first]);
  });

  test("a release that does not get healthy is taken back by itself, plists too", async () => {
    const before = plists();
    const mend = mac.rebuild("codexd", CRASH);
    const { code, out, err } = await mac.mini(
      ...codexd,
      "--json",
      "--timeout",
      "1",
      "--codexd-server-command",
      "/opt/other",
    );
    expect(code, err).toBe(20);
    expect(JSON.parse(out)).toMatchObject({ ok: false, code: 20, restarted: ["codexd"] });
    expect(err).toContain("planted: this build does not start");
    expect(err).toContain(`install-mini: went back to ${first}; all services serve again\n`);
    expect([mac.current(), plists()]).toEqual([first, before]);
    const check = await mac.script("check-node", ...mac.addresses, "--check-loaded", "--expected-rolez", "leader");
    expect(check.code, check.out).toBe(0);
    mend();
  });

  test("--skip-restart leaves running what runs; the next run takes the new release", async () => {
    mac.rebuild("codexd", "// another build");
    const running = pids();
    const { code, calls } = await mac.changes(() => mac.mini(...codexd, "--skip-restart"));
    expect({ code, calls }).toEqual({ code: 0, calls: [] });
    expect(pids()).toEqual(running);
    fs.writeFileSync(path.join(mac.repo, "stubborn"), ""); // for the interrupt below: it takes a while to end these
    expect(await mac.mini(...codexd, "--skip-check")).toMatchObject({ code: 0 });
    expect(pids().map((pid, index) => pid === running[index])).toEqual([true, false, true]);
    second = mac.current();
    expect(second > first).toBe(true);
    const { out } = await mac.script("rollback", "--list");
    const lines = out.trimEnd().split("\n");
    expect(lines.map((line) => line.replace(/ since .*/, ""))).toEqual([
      `* ${second}  0.0.0  served`,
      expect.stringMatching(/^ {2}\S+ {2}0\.0\.0 {2}never served$/),
      expect.stringMatching(/^ {2}\S+ {2}0\.0\.0 {2}never served$/),
      `  ${first}  0.0.0  served`,
    ]);
  });

  test("a signal in the middle leaves every service loaded, and the next run goes on from there", async () => {
    const job = () => mac.double.launchd.find("gui/501", "so.makefile.baa-codexd");
    const running = mac.rollback();
    await expect.poll(() => job()?.isRemoving, { timeout: 60_000, interval: 5 }).toBe(true);
    process.kill(Number(fs.readFileSync(path.join(mac.config, "launchd.lock/pid"), "utf8")), "SIGTERM");
    expect((await running).code).toBe(143);
    for (const service of SERVICES) expect(mac.pid(service)).toBeGreaterThan(1);
    fs.rmSync(path.join(mac.repo, "stubborn"));
    expect(await mac.rollback("--to", first)).toMatchObject({ code: 0 });
    expect(mac.current()).toBe(first);
  });

  test("rollback goes past what never served, says so when there is nothing older, and to a newer one when told", async () => {
    const further = await mac.changes(() => mac.rollback());
    expect({ code: further.code, calls: further.calls }).toEqual({ code: 1, calls: [] });
    expect(further.err).toContain("there is no older release that has served");
    const { code, err, calls } = await mac.changes(() => mac.rollback("--to", second));
    expect(code, err).toBe(0);
    expect([mac.current(), restarted(calls)]).toEqual([second, SERVICES]);
    const dry = await mac.changes(() => mac.rollback("--dry-run"));
    expect(dry).toMatchObject({ code: 0, calls: [] });
    expect(dry.out).toContain(`release: current would become ${first}\n`);
    const check = await mac.script("check-node", ...mac.addresses);
    expect(check.code, check.out).toBe(0);
  });

  test("a release that cannot read what lies on disk is refused by name", async () => {
    const file = path.join(mac.repo, "state/codexd/identity.json");
    fs.writeFileSync(file, '{"format":9,"minReader":9}', { mode: 0o600 });
    const { code, err, calls } = await mac.changes(() => mac.rollback());
    expect({ code, calls }).toEqual({ code: 1, calls: [] });
    expect(err).toContain(`release ${first} cannot read what a newer one wrote:\n  ${file} needs reader 9, and`);
    const { releases } = JSON.parse((await mac.script("rollback", "--list", "--json")).out);
    expect(releases.map(({ usable }) => usable)).toEqual([false, false, false, false]);
    fs.rmSync(file);
  });
});

describe("install-mini of codexd alone", () => {
  const only = ["--service", "codexd", "--skip-check"];

  test("with nothing to go back to it says so, and leaves what fails loaded", async () => {
    const mac = await startMini();
    mac.rebuild("codexd", CRASH);
    const { code, err } = await mac.mini("--timeout", "0.2", ...only);
    expect(code).toBe(2);
    expect(err).toContain("not all services serve, and there is nothing to go back to\n");
    expect(mac.double.launchd.find("gui/501", "so.makefile.baa-codexd")).toBeDefined();
    expect(fs.existsSync(mac.tokenFile)).toBe(false); // codexd needs none
  });

  test("--dry-run shows steps, plists and commands, and touches nothing", async () => {
    const mac = await startMini();
    const before = mac.snapshot();
    const { code, out, err, calls } = await mac.changes(() => mac.mini("--dry-run"));
    expect({ code, calls }, err).toEqual({ code: 0, calls: [] });
    expect(out).toContain(`mkdir -m 700 ${JSON.stringify(path.join(mac.repo, "state"))}\n`);
    expect(out).toContain(`token: a new random one, would be written to ${mac.tokenFile}\n`);
    expect(out).toContain(`releases/current/apps/codexd/dist/index.js", "start"]\n`);
    expect(out).toContain("launchctl bootstrap gui/501 ");
    expect(out).toMatch(/\nscripts\/runtime\/check-node\.sh --home-dir .* --expected-rolez leader\n$/);
    expect(mac.snapshot()).toEqual(before);
  });

  test("a second installer is told who is at work; the inside of a service and wrong options are refused at once", async () => {
    const mac = await startMini();
    fs.mkdirSync(path.join(mac.config, "launchd.lock"), { recursive: true });
    fs.writeFileSync(path.join(mac.config, "launchd.lock/pid"), `${process.ppid}\n`);
    const busy = await mac.mini(...only);
    expect(busy.code).toBe(75);
    expect(busy.err).toContain(`another run is at work (pid ${process.ppid}`);
    fs.rmSync(path.join(mac.config, "launchd.lock"), { recursive: true });
    const env = { XPC_SERVICE_NAME: "so.makefile.baa-codexd" };
    const inside = await mac.run("install-mini", ["--skip-build"], { from: mac.repo, repoDir: null, env });
    expect(inside.code).toBe(77);
    expect(inside.err).toContain("this runs inside of codexd");
    for (const [option, value, message] of [
      ["--codexd-api-base", "http://10.0.0.1:4319", "must stay on loopback"],
      ["--keep-releases", "1", "--keep-releases is a number from 2 on"],
      ["--timeout", "soon", "--timeout is a number of seconds above 0"],
    ]) {
      const { code, err } = await mac.mini(option, value);
      expect([code, err.includes(message)], err).toEqual([64, true]);
    }
    expect(fs.existsSync(path.join(mac.repo, "state"))).toBe(false);
  });
});
