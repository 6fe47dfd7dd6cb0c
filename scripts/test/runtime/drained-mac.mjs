// A Mac with conductor (whose control is real), codexd and status-api installed on free ports.
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { CONTROL_DAEMON } from "./control-daemon.mjs";
import { freePort, startMac, TOKEN } from "./support.mjs";

export const SERVICES = ["conductor", "codexd", "status-api"];
const RUNTIME_DIRS = "state/codexd runs worktrees logs/codexd logs/launchd tmp".split(" ");
export const labelOf = (service) => `so.makefile.baa-${service}`;

/** Loads it as a login does, and waits until it answers. */
const load = async (mac, service, base) => {
  await mac.double.launchctl("bootstrap", "gui/501", mac.plist(service));
  for (;;) {
    const isUp = await fetch(`${base}/healthz`).then(
      () => true,
      () => false,
    );
    if (isUp) return;
    await sleep(20);
  }
};

/** Installed; conductor and codexd are loaded unless told otherwise, by start-launchd.sh when asked to. Its throttle intervals are a second. */
export const drainedMac = async (context, { start = ["conductor", "codexd"], byScript = false, launchd } = {}) => {
  const mac = await startMac({ test: context, launchd });
  fs.writeFileSync(path.join(mac.repo, "apps/conductor-daemon/dist/index.js"), CONTROL_DAEMON);
  for (const dir of RUNTIME_DIRS) fs.mkdirSync(path.join(mac.repo, dir), { recursive: true, mode: 0o700 });
  const [conductor, codexd, status] = [await freePort(), await freePort(), await freePort()];
  const base = (port) => `http://127.0.0.1:${port}`;
  const bases = { conductor: base(conductor), codexd: base(codexd), "status-api": base(status) };
  const addresses = ["--local-api-base", bases.conductor, "--codexd-api-base", bases.codexd];
  addresses.push("--status-api-host", "127.0.0.1", "--status-api-port", String(status));
  const installed = await mac.run("install-launchd", addresses, { env: { BAA_SHARED_TOKEN: TOKEN } });
  expect(installed).toMatchObject({ code: 0, err: "" });
  for (const service of SERVICES) {
    const text = fs.readFileSync(mac.plist(service), "utf8");
    fs.writeFileSync(mac.plist(service), text.replace("<integer>10</integer>", "<integer>1</integer>"));
  }
  const file = (name) => path.join(mac.repo, name);
  const job = (service) => mac.double.launchd.find("gui/501", labelOf(service));
  let seen = 0;
  const more = {
    addresses,
    job,
    pids: (services = SERVICES) => services.map((service) => job(service)?.pid),
    act: (script, args, options) => mac.run(script, args, { repoDir: null, ...options }),
    setBusy: (isBusy) => (isBusy ? fs.writeFileSync(file("busy"), "") : fs.rmSync(file("busy"))),
    reasons: () =>
      fs.existsSync(file("control.json")) ? JSON.parse(fs.readFileSync(file("control.json"), "utf8")) : [],
    controlCalls: () =>
      fs.existsSync(file("control.log")) ? fs.readFileSync(file("control.log"), "utf8").trimEnd().split("\n") : [],
    /** launchctl's words since the last call, reads left out. */
    changes: () => {
      const calls = mac.double.launchctlCalls().filter((call) => !call.startsWith("print"));
      const fresh = calls.slice(seen);
      seen = calls.length;
      return fresh;
    },
  };
  if (byScript) {
    const args = start.flatMap((service) => ["--service", service]);
    expect(await more.act("start-launchd", args)).toMatchObject({ code: 0, err: "" });
  } else for (const service of start) await load(mac, service, bases[service]);
  more.changes();
  return { ...mac, ...more };
};
