// The built daemons under launchd, all three: installed, restarted under load, given new tokens, and taken away.
// BAA_RESTART_CYCLES=20 is the long form, by hand (docs/reference/reliability.md).
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { startLoopbackProvider } from "../../../packages/loopback-provider/src/index.ts";
import { createCodexHome, findNativeCodex, LedgerClient, plainRequest } from "../../../packages/test-kit/src/index.ts";
import { freePort, ROOT, startMac, TOKEN } from "./support.mjs";
import { startLoad } from "./turn-load.mjs";

const CYCLES = Number(process.env.BAA_RESTART_CYCLES ?? 2);
const TIMEOUT_MS = 150_000 + CYCLES * 60_000;
/** A restart of one service is promised within 5 s beyond its throttle; times three, as everywhere. */
const RESTART_MS = 15_000;
const SERVICES = ["conductor", "codexd", "status-api"];
const labelOf = (service) => `so.makefile.baa-${service}`;

/** A Mac with the real daemons installed on free ports, and a Codex that talks to the loopback provider. */
const realMac = async (context, provider) => {
  const mac = await startMac({ test: context, launchd: { secondMs: 500 } });
  for (const app of ["conductor-daemon", "codexd", "status-api"]) {
    const dist = path.join(ROOT, "apps", app, "dist/index.js");
    expect(fs.existsSync(dist), `not built: ${dist}`).toBe(true);
    fs.rmSync(path.join(mac.repo, "apps", app), { recursive: true });
    fs.symlinkSync(path.join(ROOT, "apps", app), path.join(mac.repo, "apps", app));
  }
  createCodexHome({ dir: path.join(mac.home, ".codex"), providerUrl: provider.url });
  expect((await mac.run("bootstrap", [])).code).toBe(0);
  const [conductor, codexd, status] = [await freePort(), await freePort(), await freePort()];
  const url = (port) => `http://127.0.0.1:${port}`;
  const settings = ["--local-api-base", url(conductor), "--codexd-api-base", url(codexd)];
  settings.push("--status-api-host", "127.0.0.1", "--status-api-port", String(status));
  settings.push("--codexd-server-command", findNativeCodex());
  const installed = await mac.run("install-launchd", settings, { env: { BAA_SHARED_TOKEN: TOKEN } });
  expect(installed).toMatchObject({ code: 0, err: "" });
  return { ...mac, settings, conductor: url(conductor), codexd: url(codexd), status: url(status) };
};

const statusOf = async (url, token) => (await plainRequest({ url, token })).status;

/**
 * Restarts one service, and none but that. Milliseconds from the call until it is ready again, without what its throttle
 * held it back.
 */
const restartOne = async (mac, service, { act, pids }) => {
  const base = { conductor: mac.conductor, codexd: mac.codexd, "status-api": mac.status }[service];
  const before = pids();
  const began = performance.now();
  const { code, err } = await act("restart-launchd", "--service", service, "--timeout", "60");
  expect(code, err).toBe(0);
  await expect.poll(() => statusOf(`${base}/readyz`), { timeout: 60_000 }).toBe(200);
  const tookMs = performance.now() - began;
  expect(SERVICES.filter((_each, at) => pids()[at] !== before[at])).toEqual([service]);
  return tookMs - mac.double.launchd.find("gui/501", labelOf(service)).throttledMs;
};

test(
  "installed, restarted under load with nothing lost, new tokens without a restart, uninstalled",
  async (context) => {
    const provider = await startLoopbackProvider();
    context.onTestFinished(() => provider.stop());
    const mac = await realMac(context, provider);
    const act = (script, ...args) => mac.run(script, args, { repoDir: null });
    const pids = () => SERVICES.map((service) => mac.double.launchd.find("gui/501", labelOf(service))?.pid);
    const sharedToken = () => fs.readFileSync(mac.tokenFile, "utf8").trim();

    const started = await act("start-launchd", "--timeout", "60");
    expect(started).toMatchObject({ code: 0, err: "" });
    expect(await mac.run("check-launchd", [...mac.settings, "--check-loaded"])).toMatchObject({ code: 0 });
    const status = await act("status-launchd");
    expect(status.code, status.out).toBe(0);

    const ledger = new LedgerClient({
      url: () => mac.conductor,
      token: sharedToken,
      file: mac.root.join("ledger.jsonl"),
      eventsPath: "/v1/codex/events",
    }).follow();
    context.onTestFinished(() => ledger.stop());
    const load = startLoad(ledger, 3);
    const worksOn = () => expect.poll(load.count, { timeout: 60_000 }).toBeGreaterThan(load.count());
    const restarts = [];
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      await worksOn();
      const one = SERVICES[cycle % SERVICES.length];
      restarts.push([Math.round(await restartOne(mac, one, { act, pids })), one]);
      const before = pids();
      await worksOn();
      const { code, out, err } = await act("restart-launchd", "--timeout", "60", "--json");
      expect(code, err).toBe(0);
      expect(JSON.parse(out).drain).toMatchObject({ set: true, idle: true, takenBack: true });
      expect(pids().filter((pid) => before.includes(pid))).toEqual([]);
    }
    const longest = restarts.toSorted(([a], [b]) => b - a)[0];
    await context.annotate(`${CYCLES} restarts of one service, the longest: ${longest[0]} ms (${longest[1]})`);
    expect(longest[0]).toBeLessThan(RESTART_MS);
    const turns = await load.stop();
    const ends = await Promise.all(turns.map((id) => ledger.waitForEnd(id, 60_000)));
    expect(new Set(ends.map(({ type }) => type))).toEqual(new Set(["turn.completed"]));
    await ledger.assertConsistent();

    await rotates(mac, { act, pids, sharedToken });
    const doctor = await act("doctor", "--json");
    const { findings } = JSON.parse(doctor.out);
    expect(findings.filter(({ level }) => level === "fail")).toEqual([]);
    expect(findings.find(({ check }) => check === "codexd: codex").detail).toContain("codex-cli 0.169.0");
    const logs = await act("logs", "--service", "codexd", "-n", "1");
    expect(logs.out).toMatch(/^codexd out: \{.*\}$/m);

    expect((await act("uninstall-launchd")).code).toBe(0);
    expect(fs.readdirSync(mac.agents)).toEqual([]);
    expect(mac.double.launchd.jobsOf("gui/501")).toEqual([]);
    expect(fs.readFileSync(mac.root.join("launchd-double/launchd.log"), "utf8")).not.toContain("Sending SIGKILL");
  },
  TIMEOUT_MS,
);

const rotates = async (mac, { act, pids, sharedToken }) => {
  const codexdFile = path.join(mac.repo, "state/codexd/token");
  const codexdToken = () => fs.readFileSync(codexdFile, "utf8").trim();
  const before = { pids: pids(), shared: sharedToken(), codexd: codexdToken() };
  const { code, out, err } = await act("rotate-token");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toContain(
    `shared token: new value in ${mac.tokenFile}\n  conductor: takes the new token, refuses the old one\n`,
  );
  expect(out).toContain(
    `codexd token: new value in ${codexdFile}\n  codexd: takes the new token, refuses the old one\n`,
  );
  for (const file of [mac.tokenFile, codexdFile]) expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  const guarded = [`${mac.conductor}/v1/control`, `${mac.status}/v1/status`];
  for (const url of guarded)
    expect([await statusOf(url, before.shared), await statusOf(url, sharedToken())]).toEqual([401, 200]);
  const sessions = `${mac.codexd}/v1/codexd/sessions`;
  expect([await statusOf(sessions, before.codexd), await statusOf(sessions, codexdToken())]).toEqual([401, 200]);
  expect(await statusOf(`${mac.conductor}/v1/codex/sessions`, sharedToken())).toBe(200);
  expect(pids()).toEqual(before.pids);
  for (const value of [before.shared, before.codexd, sharedToken(), codexdToken()]) expect(out).not.toContain(value);
};
