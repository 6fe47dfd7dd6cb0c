// Loading, reloading, and every fault on the way: at the end a service is loaded, the new one or the former.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import * as plist from "plist";
import { describe, expect, test } from "vitest";
import { freePort, startMac } from "./support.mjs";

const LABEL = "so.makefile.baa-codexd";
const TARGET = `gui/501/${LABEL}`;

/** A Mac with codexd installed on a free port; its throttle interval is a second. */
const installed = async (context) => {
  const mac = await startMac({ test: context });
  await mac.run("bootstrap", []);
  const install = async (...more) => {
    const base = `http://127.0.0.1:${await freePort()}`;
    const done = await mac.run("install-launchd", ["--service", "codexd", "--codexd-api-base", base, ...more]);
    expect({ code: done.code, err: done.err }).toEqual({ code: 0, err: "" });
    change((text) => text.replace("<integer>10</integer>", "<integer>1</integer>"));
  };
  const file = mac.plist("codexd");
  const change = (edit) => fs.writeFileSync(file, edit(fs.readFileSync(file, "utf8")));
  const act = (script, ...args) =>
    mac.run(`${script}-launchd`, ["--service", "codexd", "--timeout", "6", ...args], { repoDir: null });
  /** launchctl's words of an action, reads left out. */
  const changes = async (action) => {
    const before = mac.double.launchctlCalls().length;
    const result = await action();
    const calls = mac.double.launchctlCalls().slice(before);
    return { ...result, calls: calls.filter((call) => !call.startsWith("print")) };
  };
  const pid = async () => {
    const { stdout } = await mac.double.launchctl("print", TARGET);
    return Number(/^\tpid = (\d+)$/m.exec(stdout)?.[1]);
  };
  await install();
  return { ...mac, install, file, change, act, changes, pid, job: () => mac.double.launchd.find("gui/501", LABEL) };
};

const ALL = [`enable ${TARGET}`, `bootout ${TARGET}`];

describe("start", () => {
  test("loads, starts and waits; a second start changes nothing", async () => {
    const mac = await installed();
    const first = await mac.changes(() => mac.act("start"));
    expect(first).toMatchObject({ code: 0, err: "" });
    expect(first.out).toMatch(/^codexd: loaded, pid \d+\nlaunchd start completed for gui\/501 in \d+\.\d s\n$/);
    expect(first.calls).toEqual([...ALL, `bootstrap gui/501 ${mac.file}`, `kickstart ${TARGET}`]);
    const again = await mac.changes(() => mac.act("start"));
    expect(again).toMatchObject({ code: 0, calls: [] });
    expect(again.out).toContain("codexd: unchanged");
    expect(await mac.changes(() => mac.act("reload"))).toMatchObject({ code: 0, calls: [] });
  });

  test("enables what was disabled", async () => {
    const mac = await installed();
    await mac.double.launchctl("disable", TARGET);
    expect((await mac.act("start")).code).toBe(0);
  });

  test("a start that launchd holds back is started all the same", async () => {
    const mac = await installed();
    mac.double.launchd.faults.pended.set(LABEL, "speculative");
    expect((await mac.act("start", "--json")).code).toBe(0);
    expect(await mac.pid()).toBeGreaterThan(1);
  });

  test("--dry-run prints the commands and runs none", async () => {
    const mac = await installed();
    const { code, out, calls } = await mac.changes(() => mac.act("start", "--dry-run"));
    expect({ code, calls }).toEqual({ code: 0, calls: [] });
    expect(out).toBe(
      `launchctl enable ${TARGET}\nlaunchctl bootstrap gui/501 ${JSON.stringify(mac.file)}\nlaunchctl kickstart ${TARGET}\n`,
    );
  });

  test("without a plist, or with one that launchd would refuse, nothing is touched", async () => {
    const mac = await installed();
    fs.chmodSync(mac.file, 0o666);
    const refused = await mac.changes(() => mac.act("start"));
    expect(refused).toMatchObject({ code: 1, calls: [] });
    expect(refused.err).toContain("its mode is 0666 and must be 0644");
    fs.rmSync(mac.file);
    const missing = await mac.changes(() => mac.act("start"));
    expect(missing).toMatchObject({ code: 1, calls: [] });
    expect(missing.err).toContain("run install-launchd.sh first");
  });
});

describe("reload", () => {
  test("leaves alone what is loaded as installed; --force and a changed plist bring a new process", async () => {
    const mac = await installed();
    expect((await mac.act("reload")).code).toBe(0);
    const first = await mac.pid();
    expect(await mac.changes(() => mac.act("reload"))).toMatchObject({ code: 0, calls: [] });
    expect(await mac.pid()).toBe(first);
    expect((await mac.act("reload", "--force")).code).toBe(0);
    const second = await mac.pid();
    expect(second).not.toBe(first);
    await mac.install();
    const { code, out } = await mac.act("reload", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      domain: "gui/501",
      services: [{ service: "codexd", label: LABEL, action: "loaded", healthy: true, pid: await mac.pid() }],
    });
    expect(await mac.pid()).not.toBe(second);
  });

  test("waits for a process that does not want to end, and for errors that pass", async () => {
    const mac = await installed();
    fs.writeFileSync(path.join(mac.repo, "stubborn"), "");
    expect((await mac.act("reload")).code).toBe(0);
    const old = await mac.pid();
    mac.double.launchd.faults.transientBootstraps = 3;
    const { code, calls } = await mac.changes(() => mac.act("reload", "--force"));
    expect(code).toBe(0);
    expect(calls.filter((call) => call.startsWith("bootstrap"))).toHaveLength(4);
    expect(await mac.pid()).not.toBe(old);
  });

  test("bootout that answers 36, as on old systems, is no failure", async () => {
    const mac = await installed();
    await mac.act("reload");
    mac.double.launchd.faults.bootoutCode = 36;
    expect((await mac.act("reload", "--force")).code).toBe(0);
  });

  test("a signal in the middle leaves a loaded service", async () => {
    const mac = await installed();
    fs.writeFileSync(path.join(mac.repo, "stubborn"), "");
    await mac.act("reload");
    const old = await mac.pid();
    const running = mac.act("reload", "--force");
    await expect.poll(() => mac.job()?.isRemoving, { timeout: 20_000, interval: 5 }).toBe(true);
    process.kill(Number(fs.readFileSync(path.join(mac.config, "launchd.lock/pid"), "utf8")), "SIGTERM");
    expect((await running).code).toBe(143);
    expect(mac.job()?.isRemoving).toBe(false);
    expect(await mac.pid()).not.toBe(old);
    expect(fs.existsSync(path.join(mac.config, "launchd.lock"))).toBe(false);
  });

  test("is refused inside of one of our services, by name and by descent", async () => {
    const mac = await installed();
    await mac.act("reload");
    const env = { XPC_SERVICE_NAME: LABEL };
    const args = ["--service", "codexd", "--force"];
    const { code, err } = await mac.run("reload-launchd", args, { repoDir: null, env });
    expect(code).toBe(77);
    expect(err).toContain(`this runs inside of codexd (${LABEL})`);
    const script = path.resolve(import.meta.dirname, "../../runtime/reload-launchd.sh");
    const program = [
      "/bin/sh",
      "-c",
      `env -u XPC_SERVICE_NAME "${script}" --service codexd --force 2>"${mac.repo}/said"; sleep 60`,
    ];
    const text = {
      Label: "so.makefile.baa-conductor",
      ProgramArguments: program,
      RunAtLoad: true,
      EnvironmentVariables: mac.env,
    };
    fs.writeFileSync(mac.plist("conductor"), plist.build(text), { mode: 0o644 });
    await mac.double.launchctl("bootstrap", "gui/501", mac.plist("conductor"));
    const said = () => (fs.existsSync(`${mac.repo}/said`) ? fs.readFileSync(`${mac.repo}/said`, "utf8") : "");
    await expect.poll(said, { timeout: 20_000 }).toContain("this runs inside of conductor (so.makefile.baa-conductor)");
  });
});

// Mostly waiting: side by side.
describe.concurrent("reload of what does not come up", () => {
  test("a plist that does not come up: diagnosis, and back to the former one", async (context) => {
    const mac = await installed(context);
    await mac.act("reload");
    const good = fs.readFileSync(mac.file, "utf8");
    mac.change((text) => text.replace("/codexd/dist/index.js", "/codexd/dist/broken.js"));
    const { code, out, err } = await mac.act("reload", "--timeout", "3");
    expect({ code, out }).toEqual({ code: 20, out: `codexd: rolled back, pid ${await mac.pid()}\n` });
    expect(fs.readFileSync(mac.file, "utf8")).toBe(good);
    expect(err).toContain(`codexd was loaded but not serving; retrying launchctl kickstart -k ${TARGET}\n`);
    expect(err).toContain("codexd did not recover after launchd reload\n");
    expect(err).toMatch(/\nprobe: http:\/\/127\.0\.0\.1:\d+\/healthz\nlast curl result: /);
    expect(err).toContain("Cannot find module");
    expect(err).toContain(`manual recovery hint: launchctl kickstart -k ${TARGET}\n`);
    expect(err).not.toContain("XPC_SERVICE_NAME");
    expect(err).toContain(`codexd runs again with the former plist: ${mac.file}\n`);
  });

  test("with nothing to go back to it stays loaded, and the exit code says unhealthy", async (context) => {
    const mac = await installed(context);
    mac.change((text) => text.replace("/codexd/dist/index.js", "/codexd/dist/broken.js"));
    const { code, out } = await mac.act("reload", "--skip-kickstart", "--timeout", "1");
    expect(code).toBe(2);
    expect(out).toMatch(/^codexd: failed/);
    expect(mac.job()).toBeDefined();
  });

  test("what runs unchanged and does not serve is started hard once more", async (context) => {
    const mac = await installed(context);
    await mac.act("reload");
    const old = await mac.pid();
    process.kill(old, "SIGSTOP");
    const { code, err, calls } = await mac.changes(() => mac.act("reload", "--timeout", "4"));
    expect({ code, calls }).toEqual({ code: 0, calls: [`kickstart -k ${TARGET}`] });
    expect(err).toContain("codexd recovered after retry kickstart\n");
    expect(await mac.pid()).not.toBe(old);
  });

  test("a port that answers for somebody else is not health", async (context) => {
    if (spawnSync("lsof", ["-v"]).error !== undefined)
      return console.log("lane not run: port owner: lsof is not installed");
    const mac = await installed(context);
    const { BAA_CODEXD_LOCAL_API_BASE: base } = plist.parse(fs.readFileSync(mac.file, "utf8")).EnvironmentVariables;
    const squatter = http.createServer((_request, response) => response.end('{"status":"ok"}'));
    await new Promise((resolve) => squatter.listen(Number(new URL(base).port), "127.0.0.1", resolve));
    context.onTestFinished(() => void squatter.close());
    const { code, err } = await mac.act("start", "--timeout", "1");
    expect(code).toBe(2);
    expect(err).toContain(`the port belongs to pid ${process.pid}, not to pid `);
    expect(err).toContain("EADDRINUSE");
  });

  test("when launchd takes nothing at all it says 21; the next start heals it", async (context) => {
    const mac = await installed(context);
    await mac.act("reload");
    mac.double.launchd.faults.bootstrapFails = true;
    const { code, err } = await mac.act("reload", "--force", "--timeout", "2");
    expect(code).toBe(21);
    expect(err).toContain(`launchctl bootstrap gui/501 ${mac.file} does not work: the plist is well`);
    mac.double.launchd.faults.bootstrapFails = false;
    expect((await mac.act("start")).code).toBe(0);
  });
});
