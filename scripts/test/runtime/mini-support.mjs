// A Mac with a clone of this repository's scripts and templates, as install-mini.sh finds it.
import fs from "node:fs";
import path from "node:path";
import { freePort, ROOT, startMac } from "./support.mjs";

/** launchd holds back a second start for this many seconds; ten would be waited for in real time. */
const THROTTLE = "<integer>1</integer>";

/** In front of a program: it loads, and does not get as far as to serve. */
export const CRASH = `if (!process.argv.includes("--version")) {
  await new Promise((resolve) => setTimeout(resolve, 700));
  throw new Error("planted: this build does not start");
}`;

const copyScripts = (repo) => {
  for (const place of ["scripts/runtime", "ops/launchd"])
    fs.cpSync(path.join(ROOT, place), path.join(repo, place), { recursive: true });
  const dir = path.join(repo, "ops/launchd");
  for (const name of fs.readdirSync(dir).filter((each) => each.endsWith(".plist"))) {
    const file = path.join(dir, name);
    fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace("<integer>10</integer>", THROTTLE));
  }
};

let last = 0;

/** An address of loopback that no other test of this process has; status-api's port is fixed. */
const ownHost = () => {
  last += 1;
  return `127.${1 + (process.pid % 250)}.${Math.floor(process.pid / 250) % 250}.${10 + last}`;
};

/** `startMac` with the clone, addresses that are free, and `mini(...)`, `rollback(...)` that run from the clone. */
export const startMini = async (options) => {
  const mac = await startMac(options);
  copyScripts(mac.repo);
  const [conductor, codexd] = [await freePort(), await freePort()].map((port) => `http://127.0.0.1:${port}`);
  const host = ownHost();
  const addresses = ["--local-api-base", conductor, "--codexd-api-base", codexd, "--status-api-host", host];
  const from = { from: mac.repo, repoDir: null };
  const mini = (...args) => mac.run("install-mini", ["--skip-build", "--timeout", "4", ...addresses, ...args], from);
  const rollback = (...args) => mac.run("rollback", ["--timeout", "4", ...args], from);
  const script = (name, ...args) => mac.run(name, args, from);
  const dist = (app) => path.join(mac.repo, "apps", app, "dist/index.js");
  /** Another build of an app, the same program with something in front; the result undoes it. */
  const rebuild = (app, text) => {
    const former = fs.readFileSync(dist(app), "utf8");
    fs.writeFileSync(dist(app), `${text}\n${former}`);
    return () => fs.writeFileSync(dist(app), former);
  };
  /** launchctl's words of an action, reads left out. */
  const changes = async (action) => {
    const before = mac.double.launchctlCalls().length;
    const result = await action();
    return {
      ...result,
      calls: mac.double
        .launchctlCalls()
        .slice(before)
        .filter((call) => !call.startsWith("print")),
    };
  };
  const pid = (service) => mac.double.launchd.find("gui/501", `so.makefile.baa-${service}`)?.pid;
  const current = () => fs.readlinkSync(path.join(mac.repo, "releases/current"));
  const releases = () =>
    fs
      .readdirSync(path.join(mac.repo, "releases"))
      .filter((name) => /^\d/.test(name))
      .toSorted();
  return {
    ...mac,
    conductor,
    codexd,
    host,
    addresses,
    mini,
    rollback,
    script,
    dist,
    rebuild,
    changes,
    pid,
    current,
    releases,
  };
};

/** One Mac for a file's tests, which tell a story: `{start(options), end()}` for beforeAll and afterAll. */
export const sharedMini = () => {
  const ends = [];
  const hooks = { onTestFinished: (end) => ends.push(end), onTestFailed: () => undefined };
  return {
    start: (options) => startMini({ ...options, test: hooks }),
    end: async () => {
      for (const end of ends.toReversed()) await end();
    },
  };
};
