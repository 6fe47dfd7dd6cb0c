// The real daemons: from a build to everything green with one command, and what they print stays bounded.
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findNativeCodex } from "../../../packages/test-kit/src/index.ts";
import { sharedMini } from "./mini-support.mjs";
import { freePort, ROOT } from "./support.mjs";

const APPS = ["codexd", "conductor-daemon", "status-api"];

/** The built apps of this checkout, beside what their bundles leave outside. */
const useRealApps = (mac) => {
  for (const app of APPS) {
    const [from, to] = [path.join(ROOT, "apps", app), path.join(mac.repo, "apps", app)];
    expect(fs.existsSync(path.join(from, "dist/index.js")), `not built: ${app}`).toBe(true);
    fs.rmSync(to, { recursive: true });
    const isNeeded = (file) => !file.includes("/dist/types") && !file.endsWith(".map");
    fs.cpSync(path.join(from, "dist"), path.join(to, "dist"), { recursive: true, filter: isNeeded });
    fs.symlinkSync(path.join(from, "node_modules"), path.join(to, "node_modules"));
  }
};

const SERVICES = ["conductor", "codexd", "status-api"];
const shared = sharedMini();
let mac;
let own;
let log;

const install = (...more) => mac.mini("--timeout", "30", ...own, ...more);

beforeAll(async () => {
  mac = await shared.start({ launchd: { secondMs: 300 } });
  useRealApps(mac);
  fs.mkdirSync(path.join(mac.home, ".codex"), { mode: 0o700 });
  const settings = {
    "--local-api-allowed-hosts": "127.0.0.1",
    "--codexd-server-command": findNativeCodex(),
    "--status-api-port": String(await freePort()),
  };
  own = Object.entries(settings).flat();
  // Of a run long ago: the first thing that codexd does is to cut it.
  log = path.join(mac.repo, "logs/launchd/so.makefile.baa-codexd.out.log");
  fs.mkdirSync(path.dirname(log), { recursive: true });
  fs.writeFileSync(log, "");
  fs.truncateSync(log, 11 * 1024 * 1024);
});
afterAll(shared.end);

test("from nothing to green with one command; a log that was too long is cut", async () => {
  const { code, out, err } = await install();
  expect(code, err + out).toBe(0);
  for (const line of [
    "conductor: /rolez: ok, leader",
    "codexd: /v1/codexd/status: ok, mode app-server",
    "status-api: /v1/status: ok",
  ])
    expect(out).toContain(`${line}\n`);
  expect(fs.statSync(`${log}.1`).size).toBe(11 * 1024 * 1024);
  expect(fs.statSync(log).size).toBeLessThan(1024 * 1024);
  const manifest = path.join(mac.repo, "releases", mac.current(), "manifest.json");
  const { versions, readers } = JSON.parse(fs.readFileSync(manifest, "utf8"));
  expect(versions["@photostructure/sqlite"]).toMatch(/^\d/);
  expect(readers).toMatchObject({ log: 1, checkpoint: 1, json: 1, store: expect.any(Number) });
});

test("a second run restarts nothing", async () => {
  const pids = SERVICES.map(mac.pid);
  const { code, err, calls } = await mac.changes(() => install("--skip-check"));
  expect({ code, calls }, err).toEqual({ code: 0, calls: [] });
  expect(SERVICES.map(mac.pid)).toEqual(pids);
});

test("another build, and back to the one before: what that one reads is compared with data that is real", async () => {
  const before = mac.current();
  fs.appendFileSync(mac.dist("status-api"), "// another build\n");
  const next = await install("--no-drain", "--skip-check");
  expect(next.code, next.err).toBe(0);
  expect(mac.current()).not.toBe(before);
  const back = await mac.rollback("--timeout", "30");
  expect(back.code, back.err).toBe(0);
  expect(mac.current()).toBe(before);
  const check = await mac.script("check-node", ...mac.addresses, ...own, "--expected-rolez", "leader");
  expect(check.code, check.out).toBe(0);
});
