// What launchctl shows, the faults that can be switched on, and reboots.
import fs from "node:fs";
import path from "node:path";
import { build } from "plist";
import { describe, expect, onTestFailed, onTestFinished, test } from "vitest";
import { isAlive, type LaunchdOptions } from "../../src/index.ts";
import { LABEL, startDouble, TARGET, until } from "./support.ts";

const start = (options?: Partial<LaunchdOptions>) => startDouble({ onTestFailed, onTestFinished }, options);

const IDLE = "exec sleep 60";

describe("15 print", () => {
  test("shows a service in one-tab lines, with decoys deeper down", async () => {
    const { double, load, file, root } = await start();
    await load(IDLE, {
      RunAtLoad: true,
      KeepAlive: true,
      ExitTimeOut: 30,
      WorkingDirectory: root.path,
      StandardOutPath: root.join("o"),
      EnvironmentVariables: { SECRET: "shown in clear" },
    });
    const { stdout } = await double.launchctl("print", TARGET);
    const lines = stdout.split("\n");
    expect(lines[0]).toBe(`${TARGET} = {`);
    expect(lines.filter((line) => /^\t[a-z ]+ = [^{]/.test(line)).map((line) => line.split(" = ")[0]?.trim())).toEqual([
      "active count",
      "path",
      "type",
      "state",
      "program",
      "working directory",
      "stdout path",
      "domain",
      "asid",
      "minimum runtime",
      "exit timeout",
      "runs",
      "pid",
      "immediate reason",
      "forks",
      "execs",
      "last exit code",
      "spawn type",
      "jetsam priority",
      "properties",
    ]);
    expect(stdout).toContain(`\n\tpath = ${file}\n\ttype = LaunchAgent\n\tstate = running\n`);
    expect(stdout).toContain("\n\texit timeout = 30\n\truns = 1\n");
    expect(stdout).toContain("\n\tlast exit code = (never exited)\n");
    expect(stdout).toContain("\n\t\tSECRET => shown in clear\n");
    expect(stdout).toContain(`\n\t\tXPC_SERVICE_NAME => ${LABEL}\n`);
    expect(stdout.match(/^\t\tstate = active$/gm)).toHaveLength(2);
    expect(stdout).toContain("\n\tproperties = keepalive | runatload | inferred program\n}\n");
  });

  test("keeps how it ended the last time while it runs again", async () => {
    const { load, field, root } = await start();
    await load("[ -e again ] && exec sleep 60; : >again; exit 1", {
      KeepAlive: true,
      ThrottleInterval: 0,
      WorkingDirectory: root.path,
    });
    await until(async () => (await field("runs")) === "2");
    expect(await field("state")).toBe("running");
    expect(await field("last exit code")).toBe("1");
  });

  test("a missing service or domain, and what is no target", async () => {
    const { double } = await start();
    expect(await double.launchctl("print", TARGET)).toEqual({
      code: 113,
      stdout: "",
      stderr: `Bad request.\nCould not find service "${LABEL}" in domain for user gui: 501\n`,
    });
    expect(await double.launchctl("print", "gui/502")).toMatchObject({
      code: 112,
      stderr: "Bad request.\nCould not find domain for user gui: 502\n",
    });
    const { code, stderr } = await double.launchctl("print", LABEL);
    expect(code).toBe(64);
    expect(stderr).toMatch(/^Unrecognized target specifier. <service-target> takes a form of/);
  });
});

describe("16 the other verbs", () => {
  test("list gives pid, status and label; of one job a dictionary with the raw wait status", async () => {
    const { double, load, field } = await start();
    await load("exit 15", { RunAtLoad: true });
    await until(async () => (await field("last exit code")) === "15");
    expect((await double.launchctl("list")).stdout).toBe(`PID\tStatus\tLabel\n-\t15\t${LABEL}\n`);
    expect((await double.launchctl("list", LABEL)).stdout).toContain('\t"LastExitStatus" = 3840;\n};\n');
    expect((await double.launchctl("list", "none")).code).toBe(113);
  });

  test("a signal is its negative number in list and itself in the dictionary", async () => {
    const { double, load, field } = await start();
    await load(IDLE, { RunAtLoad: true });
    expect((await double.launchctl("list")).stdout).toBe(`PID\tStatus\tLabel\n${await field("pid")}\t0\t${LABEL}\n`);
    expect((await double.launchctl("kill", "TERM", TARGET)).code).toBe(0);
    await until(async () => (await field("state")) === "not running");
    expect((await double.launchctl("list")).stdout).toContain(`-\t-15\t${LABEL}\n`);
    expect((await double.launchctl("list", LABEL)).stdout).toContain('\t"LastExitStatus" = 15;\n');
    expect((await double.launchctl("kill", "TERM", TARGET)).code).toBe(3);
  });

  test("managername, manageruid, error, blame, and what it does not know", async () => {
    const { double, load } = await start();
    await load(IDLE, { RunAtLoad: true });
    expect((await double.launchctl("managername")).stdout).toBe("Aqua\n");
    expect((await double.launchctl("manageruid")).stdout).toBe("501\n");
    expect((await double.launchctl("error", "119")).stdout).toBe("119: Service is disabled\n");
    expect((await double.launchctl("blame", TARGET)).stdout).toBe("speculative\n");
    expect((await double.launchctl("bootdown")).code).toBe(64);
  });
});

test("17 launchd's own log tells of spawns, bootouts and kills", async () => {
  const { double, load, field, launchdLog } = await start();
  await load(IDLE, { RunAtLoad: true });
  const pid = await field("pid");
  await double.launchctl("bootout", TARGET);
  await until(async () => (await double.launchctl("print", TARGET)).code === 113);
  expect(launchdLog()).toContain(`(${LABEL}) <Notice>: Successfully spawned ${LABEL}[${pid}] because speculative\n`);
  expect(launchdLog()).toContain(`(${LABEL}) <Notice>: Bootout of ${LABEL} initiated\n`);
});

describe("18 faults", () => {
  test("N bootstraps fail with 5 and nothing is loaded; then it works", async () => {
    const { double, write } = await start();
    const file = write(IDLE);
    double.launchd.faults.transientBootstraps = 2;
    for (const code of [5, 5, 0]) {
      expect((await double.launchctl("print", TARGET)).code).toBe(113);
      expect((await double.launchctl("bootstrap", "gui/501", file)).code).toBe(code);
    }
  });

  test("every bootstrap fails", async () => {
    const { double, write } = await start();
    double.launchd.faults.bootstrapFails = true;
    const file = write(IDLE);
    for (let time = 0; time < 3; time++) expect((await double.launchctl("bootstrap", "gui/501", file)).code).toBe(5);
  });

  test("print gives unknown lines, or nothing that can be read, with 0", async () => {
    const { double, load, field } = await start();
    await load(IDLE, { RunAtLoad: true });
    double.launchd.faults.print = "noisy";
    expect((await double.launchctl("print", TARGET)).stdout).toContain("\tnew line of a new release\n");
    expect(await field("state")).toBe("running");
    double.launchd.faults.print = "garbage";
    expect(await double.launchctl("print", TARGET)).toMatchObject({ code: 0 });
    expect(await field("state")).toBeUndefined();
  });

  test("bootout of a running job answers 36, as before macOS 12, and unloads it all the same", async () => {
    const { double, load } = await start();
    await load(IDLE, { RunAtLoad: true });
    double.launchd.faults.bootoutCode = 36;
    expect(await double.launchctl("bootout", TARGET)).toMatchObject({
      code: 36,
      stderr: "Boot-out failed: 36: Operation now in progress\n",
    });
    await until(async () => (await double.launchctl("print", TARGET)).code === 113);
  });
});

describe("19 reboot", () => {
  const other = (name: string) => build({ Label: name, ProgramArguments: ["/bin/sleep", "60"], RunAtLoad: true });

  test("ends every job and loads what the directory holds: readable *.plist that nobody disabled", async () => {
    const { double, load, agents, field, root, read } = await start();
    await load("trap 'echo closed >>log; exit 0' TERM; echo up >>log; while :; do sleep 0.02; done", {
      RunAtLoad: true,
      WorkingDirectory: root.path,
      ExitTimeOut: 600,
    });
    await until(() => read("log") === "up\n");
    for (const name of ["disabled", "unreadable", "temporary"]) {
      const file = path.join(agents, name === "temporary" ? ".temporary.plist.tmp-1" : `${name}.plist`);
      fs.writeFileSync(file, other(name));
      fs.chmodSync(file, name === "unreadable" ? 0o600 : 0o644);
    }
    await double.launchctl("disable", "gui/501/disabled");
    const pid = Number(await field("pid"));
    await double.launchd.reboot();
    expect(isAlive(pid)).toBe(false);
    expect(read("log")).toMatch(/^up\nclosed\n/);
    expect((await double.launchctl("list")).stdout.trimEnd().split("\n").slice(1)).toEqual([
      `${await field("pid")}\t0\t${LABEL}`,
    ]);
  });

  test("a power cut asks nobody", async () => {
    const { double, load, root, read, field } = await start();
    await load("trap 'echo closed >>log' TERM; echo up >>log; while :; do sleep 0.02; done", {
      RunAtLoad: true,
      WorkingDirectory: root.path,
    });
    await until(() => read("log") === "up\n");
    await double.launchd.reboot({ powerCut: true });
    await until(() => read("log") === "up\nup\n");
    expect(await field("runs")).toBe("1");
  });

  test("a bootout that was going on does not take away the job of after the reboot", async () => {
    const { double, load, field } = await start({ settleSeconds: 2 });
    await load(IDLE, { RunAtLoad: true });
    await double.launchctl("bootout", TARGET);
    await double.launchd.reboot({ powerCut: true });
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(await field("state")).toBe("running");
  });

  test("nothing of it is left after the end", async () => {
    const { double, load, field } = await start();
    await load(IDLE, { KeepAlive: true });
    const pid = Number(await field("pid"));
    await double.launchd.shutdown();
    expect(isAlive(pid)).toBe(false);
    expect((await double.launchctl("list")).code).toBe(64);
  });
});
