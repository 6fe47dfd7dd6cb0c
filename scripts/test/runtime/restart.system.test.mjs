// restart-launchd: what is in progress may end first, and the reason against new work is taken back on every path.
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { drainedMac, labelOf, SERVICES } from "./drained-mac.mjs";
import { ROOT, TOKEN } from "./support.mjs";

const REASON = /^restart:[0-9a-f-]{36}$/;
const WORK = ["--service", "conductor", "--service", "codexd"];
const kinds = (calls) => calls.map((call) => call.split(" ")[0]);

/** Sends a signal to every process of a running script, as a terminal does with Ctrl-C. */
const interrupt = (mac, signal) => {
  const shell = Number(fs.readFileSync(path.join(mac.config, "launchd.lock/pid"), "utf8"));
  const children = fs.readFileSync(`/proc/${shell}/task/${shell}/children`, "utf8").trim().split(" ").filter(Boolean);
  for (const pid of [...children.map(Number), shell]) process.kill(pid, signal);
};

describe.concurrent("restart", { timeout: 240_000 }, () => {
  test("closes conductor, reloads each service, opens it again; the token is in nobody's argv", async (context) => {
    const mac = await drainedMac(context, { start: SERVICES });
    const log = mac.root.join("curl.log");
    const wrapper = `#!/bin/bash\nprintf '%s\\n' "$*" >>'${log}'\nexec /usr/bin/curl "$@"\n`;
    fs.writeFileSync(path.join(mac.double.bin, "curl"), wrapper, { mode: 0o755 });
    const before = mac.pids();
    const { code, out, err } = await mac.act("restart-launchd", ["--json"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const { drain, services, domain } = JSON.parse(out);
    expect({ domain, drain }).toMatchObject({ domain: "gui/501", drain: { set: true, idle: true, takenBack: true } });
    expect(drain.reason).toMatch(REASON);
    expect(services.map(({ service, action, pid }) => [service, action, pid])).toEqual(
      ["conductor", "codexd", "status-api"].map((service, at) => [service, "loaded", mac.pids()[at]]),
    );
    expect(mac.pids().filter((pid) => before.includes(pid))).toEqual([]);
    expect(mac.controlCalls()).toEqual([`drain ${drain.reason}`, `resume ${drain.reason}`]);
    expect(mac.reasons()).toEqual([]);
    expect(new Set(fs.readFileSync(log, "utf8").trimEnd().split("\n"))).toEqual(new Set(["--config -"]));
    expect(JSON.stringify(mac.double.calls)).not.toContain(TOKEN);
  });

  test("waits for a turn in progress; the reason it sets ends by itself after 15 minutes", async (context) => {
    const mac = await drainedMac(context);
    mac.setBusy(true);
    const before = mac.pids();
    const running = mac.act("restart-launchd", WORK);
    await context.expect.poll(() => mac.reasons(), { timeout: 90_000 }).toMatchObject([{ ttlMs: 900_000 }]);
    expect([mac.changes(), mac.pids()]).toEqual([[], before]);
    mac.setBusy(false);
    const { code, out, err } = await running;
    expect({ code, err }).toEqual({ code: 0, err: "work is in progress (1 turn): waiting for at most 60 s\n" });
    expect(out).toMatch(/\nlaunchd reload completed for gui\/501 in \d+\.\d s\n$/);
    expect(mac.pids()[0]).not.toBe(before[0]);
    expect(mac.reasons()).toEqual([]);
  });

  test("goes on when the time is over, and takes the reason back all the same", async (context) => {
    const mac = await drainedMac(context);
    mac.setBusy(true);
    const { code, err } = await mac.act("restart-launchd", [...WORK, "--drain-timeout", "0"]);
    expect(code).toBe(0);
    expect(err).toContain("work is in progress (1 turn) after 0 s: going on all the same\n");
    expect([kinds(mac.controlCalls()), mac.reasons()]).toEqual([["drain", "resume"], []]);
  });

  test("--no-drain, and a service that does no work, ask nobody", async (context) => {
    const mac = await drainedMac(context, { start: SERVICES });
    mac.setBusy(true);
    expect(await mac.act("restart-launchd", ["--service", "codexd", "--no-drain"])).toMatchObject({ code: 0, err: "" });
    expect(await mac.act("restart-launchd", ["--service", "status-api"])).toMatchObject({ code: 0, err: "" });
    expect(mac.controlCalls()).toEqual([]);
  });

  test("a conductor that is down or refuses the token is said and no hindrance", async (context) => {
    const mac = await drainedMac(context, { start: ["codexd"] });
    const down = await mac.act("restart-launchd", ["--service", "codexd"]);
    expect(down).toMatchObject({ code: 0, err: "conductor does not answer: going on without draining\n" });
    expect((await mac.act("start-launchd", ["--service", "conductor"])).code).toBe(0);
    const text = fs.readFileSync(mac.plist("conductor"), "utf8");
    const other = path.join(mac.home, "other-token");
    fs.writeFileSync(other, `${TOKEN}x\n`, { mode: 0o600 });
    fs.writeFileSync(
      mac.plist("conductor"),
      text.replace(mac.tokenFile.replace("&", "&amp;"), other.replace("&", "&amp;")),
    );
    const refused = await mac.act("restart-launchd", ["--service", "codexd"]);
    expect(refused.code).toBe(0);
    expect(refused.err).toBe("conductor answers 401: no such token: going on without draining\n");
  });

  test("Ctrl-C while it waits changes nothing and leaves no reason", async (context) => {
    const mac = await drainedMac(context);
    mac.setBusy(true);
    const before = mac.pids();
    const running = mac.act("restart-launchd", []);
    await context.expect.poll(() => mac.reasons().length, { timeout: 90_000 }).toBe(1);
    interrupt(mac, "SIGINT");
    expect((await running).code).toBe(130);
    expect([mac.pids(), mac.reasons(), mac.changes()]).toEqual([before, [], []]);
    expect(fs.existsSync(path.join(mac.config, "launchd.lock"))).toBe(false);
  });

  test("Ctrl-C in the middle of a service leaves it loaded, the others as they were, and no reason", async (context) => {
    const mac = await drainedMac(context, { launchd: { settleSeconds: 20 } });
    const before = mac.pids();
    const running = mac.act("restart-launchd", ["--drain-timeout", "0"]);
    await context.expect.poll(() => mac.job("conductor")?.isRemoving, { timeout: 90_000, interval: 5 }).toBe(true);
    interrupt(mac, "SIGINT");
    expect((await running).code).toBe(130);
    expect(mac.job("conductor").isRemoving).toBe(false);
    expect(mac.pids()[0]).not.toBe(before[0]);
    expect(mac.pids().slice(1)).toEqual(before.slice(1));
    expect(mac.reasons()).toEqual([]);
  });

  test("a terminal that is gone, as when ssh breaks off, does not stop it half way", async (context) => {
    const mac = await drainedMac(context);
    mac.setBusy(true);
    const before = mac.pids();
    const words = [path.join(ROOT, "scripts/runtime/restart-launchd.sh"), ...WORK, "--drain-timeout", "0"];
    const child = spawn(process.env.BASH32 ?? "/bin/bash", words, { cwd: "/", env: mac.env });
    child.stdout.destroy();
    child.stderr.destroy();
    const code = await new Promise((resolve) => child.once("exit", resolve));
    expect([
      code,
      mac.reasons(),
      mac
        .pids()
        .slice(0, 2)
        .every((pid) => pid > 1 && !before.includes(pid)),
    ]).toEqual([0, [], true]);
  });

  test("after kill -9 in the middle start loads what is missing; the reason is left to end by itself", async (context) => {
    const mac = await drainedMac(context, { start: ["conductor", "codexd"], launchd: { settleSeconds: 20 } });
    const running = mac.act("restart-launchd", ["--service", "codexd", "--drain-timeout", "0"]);
    await context.expect.poll(() => mac.job("codexd")?.isRemoving, { timeout: 90_000, interval: 5 }).toBe(true);
    interrupt(mac, "SIGKILL");
    await running;
    await context.expect.poll(() => mac.job("codexd"), { timeout: 90_000 }).toBeUndefined();
    expect(mac.reasons()).toMatchObject([{ ttlMs: 900_000 }]);
    expect(fs.existsSync(path.join(mac.config, "launchd.lock"))).toBe(true);
    expect(await mac.act("start-launchd", ["--service", "codexd"])).toMatchObject({ code: 0, err: "" });
    expect(mac.pids(["codexd"])[0]).toBeGreaterThan(1);
  });

  test("what was loaded over ssh is moved to the screen's domain, not loaded a second time", async (context) => {
    const mac = await drainedMac(context, { start: [] });
    const text = fs.readFileSync(mac.plist("codexd"), "utf8");
    const types = "<key>LimitLoadToSessionType</key><array><string>Aqua</string><string>Background</string></array>";
    fs.writeFileSync(mac.plist("codexd"), text.replace("<key>Label</key>", `${types}<key>Label</key>`));
    await mac.double.launchctl("bootstrap", "user/501", mac.plist("codexd"));
    const restarted = await mac.act("restart-launchd", ["--service", "codexd", "--no-drain"]);
    expect(restarted).toMatchObject({ code: 0, err: "" });
    expect(mac.double.launchd.find("user/501", labelOf("codexd"))).toBeUndefined();
    expect(mac.pids(["codexd"])[0]).toBeGreaterThan(1);
  });

  test("what does not come up is put back, and the reason is taken back", async (context) => {
    const mac = await drainedMac(context, { byScript: true });
    const good = fs.readFileSync(mac.plist("codexd"), "utf8");
    fs.writeFileSync(mac.plist("codexd"), good.replace("/codexd/dist/index.js", "/codexd/dist/broken.js"));
    const { code, err } = await mac.act("restart-launchd", [...WORK, "--timeout", "3"]);
    expect(code).toBe(20);
    expect(err).toContain(`codexd runs again with the former plist: ${mac.plist("codexd")}\n`);
    expect(fs.readFileSync(mac.plist("codexd"), "utf8")).toBe(good);
    expect([kinds(mac.controlCalls()), mac.reasons()]).toEqual([["drain", "resume"], []]);
  });

  test("--dry-run prints every call and runs none; a plist that is gone is found before anything is drained", async (context) => {
    const mac = await drainedMac(context);
    const before = mac.snapshot();
    const dry = await mac.act("restart-launchd", ["--service", "codexd", "--dry-run"]);
    const target = `gui/501/${labelOf("codexd")}`;
    const base = mac.addresses[1];
    expect(dry).toMatchObject({ code: 0, err: "" });
    expect(dry.out).toBe(
      `POST ${base}/v1/control/drain {"id":"restart:<uuid>","ttlMs":900000}\n# wait until nothing is in progress, at most 60 s\n` +
        `launchctl enable ${target}\nlaunchctl bootout ${target}\nlaunchctl bootstrap gui/501 ${JSON.stringify(mac.plist("codexd"))}\nlaunchctl kickstart ${target}\n` +
        `POST ${base}/v1/control/resume {"id":"restart:<uuid>"}\n`,
    );
    expect(mac.snapshot()).toEqual(before);
    fs.rmSync(mac.plist("codexd"));
    const gone = await mac.act("restart-launchd", ["--service", "codexd"]);
    expect(gone.code).toBe(1);
    expect(gone.err).toContain("run install-launchd.sh first");
    const wrong = await mac.act("restart-launchd", ["--service", "conductor", "--drain-timeout", "900"]);
    expect(wrong).toMatchObject({ code: 64, err: "launchd: --drain-timeout is a number of seconds from 0 to 840\n" });
    expect([mac.controlCalls(), mac.changes()]).toEqual([[], []]);
  });
});
