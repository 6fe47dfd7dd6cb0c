// rotate-token: what it writes, and what it says of services that do not run or do not follow. With the real daemons:
// real-services.system.test.mjs.
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { drainedMac } from "./drained-mac.mjs";
import { TOKEN } from "./support.mjs";

const read = (file) => fs.readFileSync(file, "utf8");

describe.concurrent("rotate-token", { timeout: 240_000 }, () => {
  test("--dry-run writes nothing; then a new value, 0600, in the file that a link leads to", async (context) => {
    const mac = await drainedMac(context, { start: [] });
    const kept = path.join(mac.home, "kept elsewhere");
    fs.renameSync(mac.tokenFile, kept);
    fs.symlinkSync(kept, mac.tokenFile);
    fs.chmodSync(kept, 0o644);
    const before = mac.snapshot();
    const dry = await mac.act("rotate-token", ["--dry-run"]);
    const plan = `write 32 new random bytes, mode 0600: ${JSON.stringify(mac.tokenFile)}\n`;
    expect(dry).toMatchObject({ code: 0, out: plan, err: "" });
    expect(mac.snapshot()).toEqual(before);
    const { code, out } = await mac.act("rotate-token", ["--json"]);
    expect(code).toBe(0);
    const asked = [
      { service: "conductor", running: false },
      { service: "status-api", running: false },
    ];
    expect(JSON.parse(out).tokens).toEqual([{ token: "shared", file: mac.tokenFile, services: asked }]);
    expect(read(kept)).toMatch(/^[\w-]{43}\n$/);
    expect([fs.statSync(kept).mode & 0o777, fs.lstatSync(mac.tokenFile).isSymbolicLink()]).toEqual([0o600, true]);
    expect(out).not.toContain(read(kept).trim());
    expect(fs.readdirSync(mac.config).toSorted()).toEqual(["runtime.json", "shared-token.txt"]);
  });

  test("a service that keeps the old token is named, and the exit code is 2", async (context) => {
    const mac = await drainedMac(context, { start: ["conductor"] });
    expect(await mac.act("rotate-token", ["--service", "conductor"])).toMatchObject({ code: 0, err: "" });
    expect(read(mac.tokenFile)).not.toContain(TOKEN);
    fs.writeFileSync(path.join(mac.repo, "stale"), "");
    const { code, out } = await mac.act("rotate-token", ["--service", "conductor"]);
    expect(code).toBe(2);
    expect(out).toContain("  conductor: DOES NOT TAKE THE NEW TOKEN; its log says why\n");
  });

  test("not while another run is at work, and not before anything is installed", async (context) => {
    const mac = await drainedMac(context, { start: [] });
    const lock = path.join(mac.config, "launchd.lock");
    fs.mkdirSync(lock);
    const holder = spawn("sleep", ["300"]);
    context.onTestFinished(() => holder.kill());
    fs.writeFileSync(path.join(lock, "pid"), String(holder.pid));
    const locked = await mac.act("rotate-token", []);
    expect(locked.code).toBe(75);
    expect(locked.err).toContain(`another run is at work (pid ${holder.pid}, `);
    expect(read(mac.tokenFile)).toBe(`${TOKEN}\n`);
    for (const script of ["stop-launchd", "restart-launchd", "uninstall-launchd"])
      expect((await mac.act(script, [])).code).toBe(75);
    fs.rmSync(lock, { recursive: true });
    const none = await mac.act("rotate-token", ["--service", "worker-runner"]);
    expect(none.code).toBe(69);
    expect(none.err).toContain("run install-launchd.sh first");
  });
});
