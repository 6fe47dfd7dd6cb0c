// How jobs are started, kept alive and ended.
import fs from "node:fs";
import path from "node:path";
import { describe, expect, onTestFailed, onTestFinished, test } from "vitest";
import { isAlive, type LaunchdOptions, waitGone } from "../../src/index.ts";
import { LABEL, startDouble, TARGET, until } from "./support.ts";

const start = (options?: Partial<LaunchdOptions>) => startDouble({ onTestFailed, onTestFinished }, options);

const IDLE = "exec sleep 60";
/** Says that it is up and ignores TERM. */
const STUBBORN = "trap '' TERM; echo up; while :; do sleep 0.02; done";

describe("8 start", () => {
  test.each([{ RunAtLoad: true }, { KeepAlive: true }, { KeepAlive: { SuccessfulExit: false } }])(
    "%j: the job runs from bootstrap on, speculatively",
    async (keys) => {
      const { load, field } = await start();
      await load(IDLE, keys);
      expect(await field("state")).toBe("running");
      expect(await field("immediate reason")).toBe("speculative");
      expect(Number(await field("pid"))).toBeGreaterThan(1);
    },
  );

  test("neither: it waits for a kickstart", async () => {
    const { double, load, field } = await start();
    await load(IDLE);
    expect(await field("state")).toBe("not running");
    expect(await field("pid")).toBeUndefined();
    expect((await double.launchctl("kickstart", TARGET)).code).toBe(0);
    expect(await field("state")).toBe("running");
  });

  test("a start may be held back for ever; a kickstart starts it all the same", async () => {
    const { double, load, field } = await start();
    double.launchd.faults.pended.set(LABEL, "speculative");
    await load(IDLE, { RunAtLoad: true, KeepAlive: true });
    expect(await field("state")).toBe("not running");
    expect(await field("runs")).toBe("0");
    expect(await field("pended nondemand spawn")).toBe("speculative");
    await double.launchctl("kickstart", TARGET);
    expect(await field("state")).toBe("running");
    double.launchd.faults.pended.set(LABEL, "inefficient");
    await double.launchctl("kill", "SIGKILL", TARGET);
    await until(async () => (await field("pended nondemand spawn")) === "inefficient");
    expect(await field("pid")).toBeUndefined();
  });
});

describe("9 what a job sees", () => {
  test("launchd's few variables and its own, nothing of the shell; / ; no input; its own session; the umask", async () => {
    const { load, root, read, home } = await start();
    process.env["LEAKS_FROM_THE_SHELL"] = "1";
    onTestFinished(() => void delete process.env["LEAKS_FROM_THE_SHELL"]);
    await load("env | sort; pwd; umask; cat; ps -o sid= -p $$ | grep -cw $$; ulimit -Sn; echo end", {
      RunAtLoad: true,
      StandardOutPath: root.join("out"),
      EnvironmentVariables: { OWN: "a b & c", HOME: home },
      Umask: 63,
      SoftResourceLimits: { NumberOfFiles: 123 },
    });
    await until(() => read("out").endsWith("end\n"));
    const lines = read("out").split("\n");
    // sh adds PWD (and some shells _ and SHLVL) to its own environment.
    expect(lines.filter((line) => !/^(PWD|_|SHLVL|OLDPWD)=/.test(line))).toEqual([
      `HOME=${home}`,
      "LOGNAME=operator",
      "OWN=a b & c",
      "PATH=/usr/bin:/bin:/usr/sbin:/sbin",
      "SHELL=/bin/zsh",
      `TMPDIR=${root.join("launchd")}`,
      "USER=operator",
      `XPC_SERVICE_NAME=${LABEL}`,
      "/",
      "0077",
      "1",
      "123",
      "end",
      "",
    ]);
  });

  test("its own PATH and working directory when it names them", async () => {
    const { load, root, read } = await start();
    await load("pwd; echo $PATH; echo end", {
      RunAtLoad: true,
      StandardOutPath: root.join("out"),
      WorkingDirectory: root.dir("a b"),
      EnvironmentVariables: { PATH: "/bin" },
    });
    await until(() => read("out").endsWith("end\n"));
    expect(read("out")).toBe(`${root.join("a b")}\n/bin\nend\n`);
  });
});

describe("10 output", () => {
  test("is appended, so that a copied and truncated log goes on", async () => {
    const { load, root, read } = await start();
    fs.writeFileSync(root.join("out"), "before\n");
    await load("echo one; echo two >&2; while [ ! -e go ]; do sleep 0.02; done; echo three", {
      RunAtLoad: true,
      WorkingDirectory: root.path,
      StandardOutPath: root.join("out"),
      StandardErrorPath: root.join("err"),
    });
    await until(() => read("out") === "before\none\n" && read("err") === "two\n");
    fs.truncateSync(root.join("out"));
    fs.writeFileSync(root.join("go"), "");
    await until(() => read("out") !== "");
    expect(read("out")).toBe("three\n");
  });

  test.each([
    ["a log that cannot be opened", { StandardOutPath: "/nonexistent/dir/out" }],
    ["a working directory that is not there", { WorkingDirectory: "/nonexistent" }],
    ["a program that is not there", { ProgramArguments: ["/nonexistent/node"] }],
    ["a bare name that launchd's PATH does not have", { ProgramArguments: ["no-such-program"] }],
  ])("%s: 78: EX_CONFIG, no process", async (_what, keys) => {
    const { load, field } = await start();
    await load(IDLE, { RunAtLoad: true, KeepAlive: true, ...keys });
    expect(await field("state")).toBe("spawn scheduled");
    expect(await field("last exit code")).toBe("78: EX_CONFIG");
    expect(await field("pid")).toBeUndefined();
  });
});

describe("11 KeepAlive", () => {
  const isRestarted = async (keepAlive: object | boolean, command: string): Promise<boolean> => {
    const { load, field } = await start();
    await load(command, { RunAtLoad: true, KeepAlive: keepAlive as never, ThrottleInterval: 1 });
    await until(async () => (await field("last exit code")) !== "(never exited)");
    return (await field("state")) !== "not running";
  };

  test.each([
    [true, "exit 0", true],
    [true, "exit 3", true],
    [false, "exit 3", false],
    [{ SuccessfulExit: false }, "exit 3", true],
    [{ SuccessfulExit: false }, "exit 0", false],
    [{ SuccessfulExit: false }, "kill -KILL $$", true],
    [{ SuccessfulExit: true }, "exit 0", true],
    [{ Crashed: true }, "kill -SEGV $$", true],
    [{ Crashed: true }, "exit 3", false],
    [{ Crashed: false }, "exit 0", true], // "restart on everything but a crash": the endless loop
    [{ SuccessfulExit: false, Crashed: false }, "exit 0", true], // conditions are ORed
  ])("%j after `%s`: %s", async (keepAlive, command, expected) => {
    expect(await isRestarted(keepAlive, command)).toBe(expected);
  });

  test("a crash loop is one start per throttle interval, and launchd says so", async () => {
    const { load, field, root, read, launchdLog } = await start();
    const began = performance.now();
    await load("date +%s%N; exit 3", { KeepAlive: true, StandardOutPath: root.join("out") });
    await until(async () => Number(await field("runs")) === 3);
    expect(performance.now() - began).toBeGreaterThanOrEqual(2 * 10 * 40); // 10 is the default
    await until(() => read("out").split("\n").length >= 3);
    expect(await field("minimum runtime")).toBe("10");
    expect(await field("last exit code")).toBe("3");
    expect(launchdLog()).toContain("Service only ran for 0 seconds. Pushing respawn out by 10 seconds.");
  });
});

describe("12 bootout", () => {
  test("returns 0 at once; the label stays until the process is gone and launchd has settled", async () => {
    const { double, load, field, root, read, launchdLog } = await start();
    await load(STUBBORN, { RunAtLoad: true, KeepAlive: true, StandardOutPath: root.join("out") });
    await until(() => read("out") === "up\n");
    const pid = Number(await field("pid"));
    expect(await double.launchctl("bootout", TARGET)).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(await field("state")).toBe("SIGTERMed");
    expect(isAlive(pid)).toBe(true);
    expect((await double.launchctl("bootout", TARGET)).code).toBe(0);
    await until(async () => (await double.launchctl("print", TARGET)).code === 113);
    expect(isAlive(pid)).toBe(false);
    expect(launchdLog()).toMatch(
      /scheduling cleanup in 5 sec\n[^]*did not exit 5 seconds after SIGTERM. Sending SIGKILL/,
    );
    expect(await double.launchctl("bootout", TARGET)).toEqual({
      code: 3,
      stdout: "",
      stderr: "Boot-out failed: 3: No such process\n",
    });
  });

  test("a process that ends in time is not killed, and its files are whole", async () => {
    const { double, load, root, read } = await start();
    await load("trap 'echo closed; exit 0' TERM; echo up; while :; do sleep 0.02; done", {
      RunAtLoad: true,
      StandardOutPath: root.join("out"),
      ExitTimeOut: 600,
    });
    await until(() => read("out") === "up\n");
    await double.launchctl("bootout", TARGET);
    await until(async () => (await double.launchctl("print", TARGET)).code === 113);
    expect(read("out")).toBe("up\nclosed\n");
  });

  test("the domain and the plist name a job too; --wait is no option and stops nothing", async () => {
    const { double, load, field, file } = await start();
    await load(IDLE, { RunAtLoad: true });
    expect((await double.launchctl("bootout", "--wait", TARGET)).code).toBe(64);
    expect(await field("state")).toBe("running");
    expect((await double.launchctl("bootout", LABEL)).code).toBe(64);
    expect((await double.launchctl("bootout", "gui/501", file)).code).toBe(0);
    await until(async () => (await double.launchctl("print", TARGET)).code === 113);
  });
});

describe("13 the process group", () => {
  const childOf = async (keys: object): Promise<{ child: number; parent: number }> => {
    const { load, root, read, field } = await start();
    const program = "sleep 60 & echo $! >child.tmp; mv child.tmp child; while :; do sleep 0.02; done";
    await load(program, { RunAtLoad: true, WorkingDirectory: root.path, ...keys });
    await until(() => read("child") !== "");
    return { child: Number(read("child")), parent: Number(await field("pid")) };
  };

  test("goes with the job", async () => {
    const { child, parent } = await childOf({});
    process.kill(parent, "SIGKILL");
    await waitGone([child]);
  });

  test("stays with AbandonProcessGroup", async () => {
    const { child, parent } = await childOf({ AbandonProcessGroup: true });
    process.kill(parent, "SIGKILL");
    await waitGone([parent]);
    expect(isAlive(child)).toBe(true);
    process.kill(child, "SIGKILL");
  });

  test("so a script that a service runs does not live through the bootout of that service", async () => {
    const { double, load, root, read } = await start();
    const script = `echo begun >>log; launchctl bootout ${TARGET}; sleep 1; echo survived >>log; launchctl bootstrap gui/501 x`;
    await load(script, {
      RunAtLoad: true,
      WorkingDirectory: root.path,
      EnvironmentVariables: { PATH: `${double.bin}:${path.dirname(process.execPath)}:/usr/bin:/bin` },
    });
    await until(async () => (await double.launchctl("print", TARGET)).code === 113);
    expect(read("log")).toBe("begun\n");
  });
});

describe("14 kickstart", () => {
  test("113 for what is not loaded, 37 without a word for what runs", async () => {
    const { double, load } = await start();
    expect(await double.launchctl("kickstart", TARGET)).toEqual({
      code: 113,
      stdout: "",
      stderr: `Could not find service "${LABEL}" in domain for user gui: 501\n`,
    });
    await load(IDLE, { RunAtLoad: true });
    expect(await double.launchctl("kickstart", TARGET)).toEqual({ code: 37, stdout: "", stderr: "" });
  });

  test("-k right after bootstrap earns the throttle: the new process comes an interval later", async () => {
    const { double, load, field } = await start();
    await load(IDLE, { RunAtLoad: true, KeepAlive: true });
    const pid = Number(await field("pid"));
    expect(double.launchd.find("gui/501", LABEL)?.throttledMs).toBe(0);
    expect((await double.launchctl("kickstart", "-k", TARGET)).code).toBe(0);
    expect(isAlive(pid)).toBe(false);
    expect(await field("state")).toBe("spawn scheduled");
    expect(double.launchd.find("gui/501", LABEL)?.throttledMs).toBeGreaterThan(0);
    await until(async () => (await field("state")) === "running");
    expect(Number(await field("pid"))).not.toBe(pid);
    expect(await field("runs")).toBe("2");
  });

  test("-k of an old process starts the new one at once, and -p says which", async () => {
    const { double, load, field } = await start();
    await load(IDLE, { RunAtLoad: true, ThrottleInterval: 0 });
    const { stdout } = await double.launchctl("kickstart", "-kp", TARGET);
    expect(stdout).toBe(`${await field("pid")}\n`);
    expect(await field("last terminating signal")).toBe("Terminated: 15");
  });
});
