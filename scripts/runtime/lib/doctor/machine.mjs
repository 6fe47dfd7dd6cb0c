// The machine below the services: login session, power, addresses, room on the disk.
import fs from "node:fs";
import os from "node:os";
import { launchctl } from "../launchd-state.mjs";
import { outputOf } from "../output.mjs";
import { installedBase } from "../probes.mjs";
import { fail, ok, unknown, warn } from "./finding.mjs";

const GIB = 1024 ** 3;
const FREE_MIN_BYTES = 2 * GIB;

/** The domain that the services belong to, and whether it will be there after a reboot. */
const checkSession = async ({ scope, uid }) => {
  if (scope === "daemon") return [ok("session", "daemons need none")];
  const [gui, user] = await Promise.all([`gui/${uid}`, `user/${uid}`].map((domain) => launchctl("print", domain)));
  if (gui.code === 127) return [unknown("session", "launchctl")];
  if (gui.code === 0) return [ok("session", `gui/${uid} is there: this user is logged in on the screen`)];
  const next = "log in on the screen of this Mac, or install with --scope daemon";
  if (user.code !== 0) return [fail("session", `there is neither gui/${uid} nor user/${uid}`, next)];
  const why = `only user/${uid}: nobody is logged in on the screen, so launchd loads no agents at boot`;
  return [warn("session", why, next)];
};

const checkAutoLogin = async ({ scope, userName }) => {
  if (scope === "daemon") return [];
  const said = await outputOf("defaults", ["read", "/Library/Preferences/com.apple.loginwindow", "autoLoginUser"]);
  if (said === undefined) return [unknown("automatic login", "defaults")];
  const name = said.code === 0 ? said.stdout.trim() : "";
  if (name === userName) return [ok("automatic login", `of ${name}`)];
  const why = `${name === "" ? "nobody" : name} is logged in after a reboot: until ${userName} logs in, nothing runs`;
  const next = "System Settings > Users & Groups > Automatically log in as (FileVault must be off)";
  return [warn("automatic login", why, next)];
};

/** Of pmset: what keeps an always-on machine from being that. */
const POWER = [
  {
    names: ["lowpowermode", "powermode"],
    isBad: (value) => value === 1,
    why: "Low Power Mode is on: launchd holds starts back",
    next: "sudo pmset -a lowpowermode 0",
  },
  {
    names: ["sleep"],
    isBad: (value) => value > 0,
    why: "this machine goes to sleep",
    next: "sudo pmset -a sleep 0",
  },
  {
    names: ["autorestart"],
    isBad: (value) => value === 0,
    why: "this machine stays off after a power failure",
    next: "sudo pmset -a autorestart 1",
  },
];

const checkPower = async () => {
  const said = await outputOf("pmset", ["-g"]);
  if (said === undefined) return [unknown("power", "pmset")];
  const lines = [...said.stdout.matchAll(/^\s*(\w+)\s+(\d+)/gm)];
  const values = new Map(lines.map(([, name, value]) => [name, Number(value)]));
  const bad = POWER.filter(({ names, isBad }) => names.some((name) => values.has(name) && isBad(values.get(name))));
  if (bad.length === 0) return [ok("power", "no Low Power Mode, no sleep, on again after a power failure")];
  return bad.map(({ why, next }) => warn("power", why, next));
};

const PRIVATE = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/;

const ownAddresses = () => Object.values(os.networkInterfaces()).flatMap((all) => all.map(({ address }) => address));

/** Addresses that a service shall listen at: this machine has them. */
const checkAddress = (service) => {
  const { id, tree, hasProbe } = service;
  const base = hasProbe ? installedBase(service, tree?.get("EnvironmentVariables")) : undefined;
  const host = URL.canParse(base ?? "") ? new URL(base).hostname.replaceAll(/[[\]]/g, "") : "";
  if (host === "" || host === "localhost" || host.startsWith("127.") || host === "::1") return [];
  const check = `${id}: address`;
  if (!ownAddresses().includes(host)) {
    const why = `${host} is on no interface of this machine: it is served on loopback only`;
    const next = "is Tailscale up? tailscale status; tailscale ip -4. Another address: install-launchd.sh --help";
    return [fail(check, why, next)];
  }
  if (!PRIVATE.test(host)) return [ok(check, `${host} is on this machine`)];
  const next = "System Settings > Privacy & Security > Local Network, or use the tailnet's address";
  return [warn(check, `${host} is of the local network: macOS 15 asks before a program may reach others there`, next)];
};

const checkRoom = (repoDir) => {
  const { bavail, bsize } = fs.statfsSync(repoDir);
  const text = `${((bavail * bsize) / GIB).toFixed(1)} GiB free`;
  if (bavail * bsize >= FREE_MIN_BYTES) return [ok("disk", text)];
  const next = "make room: writes are refused when the disk is full, and go on by themselves afterwards";
  return [warn("disk", text, next)];
};

/** Everything about the machine. */
export const checkMachine = async (services, about) => {
  const asked = await Promise.all([checkSession(about), checkAutoLogin(about), checkPower()]);
  return [...asked.flat(), ...services.flatMap(checkAddress), ...checkRoom(about.repoDir)];
};
