// stop-launchd: unloaded and staying so, conductor last; nothing of it is lost that start-launchd does not bring back.
import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { drainedMac, labelOf, SERVICES } from "./drained-mac.mjs";

const target = (service) => `gui/501/${labelOf(service)}`;

describe.concurrent("stop", { timeout: 240_000 }, () => {
  test("conductor last, its reason taken back before; a reboot brings nothing back, start does", async (context) => {
    const mac = await drainedMac(context, { start: SERVICES, byScript: true });
    const { code, out, err } = await mac.act("stop-launchd", []);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("codexd: stopped; it stays unloaded, after a reboot too, until start-launchd.sh\n");
    expect(out).toMatch(/\nlaunchd stop completed for gui\/501 in \d+\.\d s\n$/);
    expect(mac.changes()).toEqual(
      ["status-api", "codexd", "conductor"].flatMap((service) => [
        `bootout ${target(service)}`,
        `disable ${target(service)}`,
      ]),
    );
    expect(mac.reasons()).toEqual([]);
    expect(mac.controlCalls().map((call) => call.split(" ")[0])).toEqual(["drain", "resume"]);
    await mac.double.launchd.reboot();
    expect(mac.pids()).toEqual([undefined, undefined, undefined]);
    const again = await mac.act("stop-launchd", []);
    expect(again).toMatchObject({ code: 0, err: "" });
    expect(again.out).toContain("codexd: was not loaded");
    expect((await mac.act("start-launchd", [])).code).toBe(0);
    expect(mac.pids().every((pid) => pid > 1)).toBe(true);
  });

  test("--keep-enabled: the next login starts it again", async (context) => {
    const mac = await drainedMac(context, { start: ["codexd"] });
    const { code, out } = await mac.act("stop-launchd", [
      "--service",
      "codexd",
      "--no-drain",
      "--keep-enabled",
      "--json",
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      services: [{ service: "codexd", action: "stopped", disabled: false }],
    });
    expect(mac.changes()).toEqual([`bootout ${target("codexd")}`]);
    await mac.double.launchd.reboot();
    expect(mac.pids(["codexd"])[0]).toBeGreaterThan(1);
  });

  test("waits for a process that does not want to end, in the other domain too", async (context) => {
    const mac = await drainedMac(context, { start: [] });
    fs.writeFileSync(path.join(mac.repo, "stubborn"), "");
    const text = fs.readFileSync(mac.plist("codexd"), "utf8");
    const background = "<key>LimitLoadToSessionType</key><string>Background</string><key>Label</key>";
    fs.writeFileSync(mac.plist("codexd"), text.replace("<key>Label</key>", background));
    await mac.double.launchctl("bootstrap", "user/501", mac.plist("codexd"));
    const { code, out } = await mac.act("stop-launchd", ["--service", "codexd", "--no-drain"]);
    expect({ code, out: out.split(";")[0] }).toEqual({ code: 0, out: "codexd: stopped" });
    expect(mac.double.launchd.find("user/501", labelOf("codexd"))).toBeUndefined();
  });

  test("is refused inside of one of our services and where launchd cannot be asked; --dry-run touches nothing", async (context) => {
    const mac = await drainedMac(context, { start: ["codexd"] });
    const before = mac.snapshot();
    for (const script of ["stop-launchd", "restart-launchd", "uninstall-launchd"]) {
      const inside = await mac.act(script, [], { env: { XPC_SERVICE_NAME: labelOf("codexd") } });
      expect(inside.code).toBe(77);
      expect(inside.err).toContain("this runs inside of codexd");
    }
    const nowhere = await mac.act("uninstall-launchd", ["--domain", "gui/999"]);
    expect(nowhere.code).toBe(1);
    expect(nowhere.err).toContain("launchctl print ended with 112");
    const dry = await mac.act("stop-launchd", ["--service", "codexd", "--no-drain", "--dry-run"]);
    expect(dry).toMatchObject({
      code: 0,
      out: `launchctl bootout ${target("codexd")}\nlaunchctl disable ${target("codexd")}\n`,
    });
    expect([mac.changes(), mac.snapshot()]).toEqual([[], before]);
  });
});

describe.concurrent("uninstall", { timeout: 240_000 }, () => {
  const ours = (mac) => fs.readdirSync(mac.agents).filter((name) => name.includes("so.makefile.baa"));

  test("leaves nothing loaded, installed or disabled, and keeps data and tokens; twice is no fault", async (context) => {
    const mac = await drainedMac(context, { start: SERVICES, byScript: true });
    await mac.double.launchctl("disable", target("status-api"));
    fs.writeFileSync(path.join(mac.agents, `.${labelOf("codexd")}.plist.tmp-1`), "");
    const data = path.join(mac.repo, "state/codexd/kept");
    fs.writeFileSync(data, "");
    const before = mac.snapshot();
    const dry = await mac.act("uninstall-launchd", ["--dry-run"]);
    expect(dry).toMatchObject({ code: 0, err: "" });
    expect(dry.out).toContain(`launchctl bootout ${target("codexd")}\nrm -f ${JSON.stringify(mac.plist("codexd"))}\n`);
    expect(mac.snapshot()).toEqual(before);
    const { code, out, err } = await mac.act("uninstall-launchd", []);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("worker-runner: was not installed\n");
    expect(out).toContain(`removed: ${mac.plist("conductor")}\n`);
    expect([ours(mac), mac.double.launchd.jobsOf("gui/501"), mac.reasons()]).toEqual([[], [], []]);
    expect((await mac.double.launchctl("print-disabled", "gui/501")).stdout).not.toContain("=> disabled");
    expect(fs.readdirSync(mac.config)).toEqual(["shared-token.txt"]);
    expect(fs.existsSync(data)).toBe(true);
    const after = mac.snapshot();
    const again = await mac.act("uninstall-launchd", []);
    expect(again).toMatchObject({ code: 0, err: "" });
    expect(again.out).toContain("codexd: was not installed\n");
    expect(mac.snapshot()).toEqual(after);
  });

  test("one service alone leaves the others; --purge takes the data too, and the git-kept directories stay", async (context) => {
    const mac = await drainedMac(context, { start: [] });
    const one = await mac.act("uninstall-launchd", ["--service", "codexd"]);
    expect(one.code).toBe(0);
    expect(ours(mac)).toEqual([`${labelOf("conductor")}.plist`, `${labelOf("status-api")}.plist`]);
    expect(fs.existsSync(path.join(mac.config, "runtime.json"))).toBe(true);
    const purgeOne = await mac.run("uninstall-launchd", ["--service", "codexd", "--purge"]);
    expect(purgeOne).toMatchObject({ code: 64, err: "launchd: --purge is for all services: leave --service out\n" });
    fs.writeFileSync(path.join(mac.repo, "state/.gitkeep"), "");
    expect((await mac.run("uninstall-launchd", ["--purge"])).code).toBe(0);
    const dirs = ["state", "logs", "runs", "worktrees", "tmp"];
    expect(dirs.map((name) => fs.readdirSync(path.join(mac.repo, name)))).toEqual([[".gitkeep"], [], [], [], []]);
    expect([fs.existsSync(mac.config), ours(mac), fs.existsSync(path.join(mac.repo, "apps"))]).toEqual([
      false,
      [],
      true,
    ]);
  });

  test("a service that cannot be unloaded keeps its plist, and the others go", async (context) => {
    const mac = await drainedMac(context, { start: ["codexd"] });
    mac.double.launchd.faults.bootoutCode = 150;
    const { code, err } = await mac.act("uninstall-launchd", ["--no-drain"]);
    expect(code).toBe(1);
    expect(err).toBe(
      `codexd: launchctl bootout ${target("codexd")} ended with 150: Boot-out failed: 150: unknown error code\n`,
    );
    expect(ours(mac)).toEqual([`${labelOf("codexd")}.plist`]);
    expect(SERVICES.map((service) => fs.existsSync(mac.plist(service)))).toEqual([false, true, false]);
  });
});
