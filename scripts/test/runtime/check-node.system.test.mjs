// check-node.sh on services that launchd really runs.
import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { freePort, startMac, TOKEN } from "./support.mjs";

/** A Mac whose three services run; status-api has an address of loopback for itself, its port being fixed. */
const running = async (...services) => {
  const mac = await startMac();
  await mac.run("bootstrap", []);
  const [conductor, codexd] = [await freePort(), await freePort()].map((port) => `http://127.0.0.1:${port}`);
  const host = `127.${process.pid % 200}.${Math.floor(Math.random() * 250)}.7`;
  const addresses = ["--local-api-base", conductor, "--codexd-api-base", codexd, "--status-api-host", host];
  await mac.run("install-launchd", addresses, { env: { BAA_SHARED_TOKEN: TOKEN } });
  for (const service of services) await mac.double.launchctl("bootstrap", "gui/501", mac.plist(service));
  const check = (...args) => mac.run("check-node", [...addresses, ...args]);
  const bases = { conductor, codexd, "status-api": `http://${host}:4318` };
  const isUp = (service) =>
    fetch(`${bases[service]}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (const service of services) await expect.poll(() => isUp(service), { timeout: 60_000 }).toBe(true);
  return { ...mac, conductor, codexd, statusApi: bases["status-api"], check };
};

const ALL = ["conductor", "codexd", "status-api"];

describe("check-node", () => {
  test("passes when files, processes, logs, ports and answers are right, and says what it saw", async () => {
    const mac = await running(...ALL);
    const { code, out, err } = await mac.check("--check-loaded", "--expected-rolez", "leader");
    expect({ code, err }, out).toEqual({ code: 0, err: "" });
    const shown = out.replaceAll(/pid \d+/g, "pid N").replaceAll(/port: ok, \d+/g, "port: ok, P");
    const common = (id) => [`${id}: loaded: ok`, `${id}: process: ok, pid N`, `${id}: logs: ok`];
    const files = (id) => ["entry", "plist_lint", "plist"].map((name) => `${id}: ${name}: ok`);
    expect(shown.trimEnd().split("\n")).toEqual([
      ...files("conductor"),
      "conductor: token: ok",
      ...common("conductor"),
      "conductor: port: ok, P, pid N",
      "conductor: /healthz: ok",
      "conductor: /readyz: ok",
      "conductor: /rolez: ok, leader",
      ...files("codexd"),
      ...common("codexd"),
      "codexd: port: ok, P, pid N",
      "codexd: /healthz: ok",
      "codexd: /v1/codexd/status: ok, mode app-server",
      ...files("status-api"),
      "status-api: token: ok",
      ...common("status-api"),
      "status-api: port: ok, P, pid N",
      "status-api: /healthz: ok",
      "status-api: /v1/status: ok",
      "all checks passed",
    ]);
  });

  test("what is wrong comes with its usual reason; the files being right the exit code is 2", async () => {
    const mac = await running("status-api");
    const { code, out } = await mac.check("--check-loaded");
    expect(code).toBe(2);
    expect(out).toContain("conductor: loaded: launchd does not have gui/501/so.makefile.baa-conductor;");
    expect(out).toContain(
      `codexd: process: no process has this in its command line: ${mac.repo}/apps/codexd/dist/index.js start\n    it does not run, or from another place: status-launchd.sh`,
    );
    expect(out).toContain("conductor: logs: there is no ");
    expect(out).toMatch(
      /\ncodexd: port: nobody listens on 127\.0\.0\.1:\d+\n {4}not started, or BAA_CODEXD_LOCAL_API_BASE/,
    );
    expect(out).toContain(`codexd: /healthz: ${mac.codexd}/healthz: no answer, `);
    expect(out).toContain("status-api: /v1/status: ok\n");
  });

  test("another token than the one status-api reads is seen, and stays out of sight", async () => {
    const mac = await running("status-api");
    const other = "another-token-0123456789-0123456789";
    const args = ["--service", "status-api", "--skip-static-check", "--shared-token", other];
    const { code, out } = await mac.check(...args);
    expect(code).toBe(2);
    expect(out).toContain(`status-api: /v1/status: ${mac.statusApi}/v1/status: 404\n    401: it reads another token`);
    expect(out).not.toContain("another-token");
    expect((await mac.check("--service", "status-api", "--status-api-base", `${mac.statusApi}/`)).code).toBe(0);
  });

  test("--expected-rolez waits for the role, and not for ever", async () => {
    const mac = await running("conductor");
    const args = ["--service", "conductor", "--skip-static-check", "--expected-rolez"];
    const late = await mac.check(...args, "standby", "--timeout", "1");
    expect(late.code).toBe(2);
    expect(late.out).toContain(
      `conductor: /rolez: ${mac.conductor}/rolez: 200, leader\n    another conductor leads (state/conductor/lock.holder`,
    );
    const waiting = mac.check(...args, "standby", "--timeout", "60");
    fs.writeFileSync(path.join(mac.repo, "role"), "standby\n");
    expect(await waiting).toMatchObject({ code: 0 });
  });

  test("each check can be left out; a file that differs is 1; --json says the same", async () => {
    const mac = await running("codexd");
    const skips = ["port", "process", "http", "log"].map((name) => `--skip-${name}-check`);
    const files = await mac.check(...skips, "--service", "codexd", "--json");
    expect(files.code).toBe(0);
    expect(JSON.parse(files.out)).toEqual({
      ok: true,
      services: [
        {
          service: "codexd",
          label: "so.makefile.baa-codexd",
          plist: mac.plist("codexd"),
          checks: ["entry", "plist_lint", "plist"].map((check) => ({ check, ok: true })),
        },
      ],
    });
    expect((await mac.check(...skips, "--skip-static-check", "--all-services")).out).toBe("all checks passed\n");
    const drifted = await mac.check("--service", "codexd", "--codexd-server-command", "other");
    expect(drifted.code).toBe(1);
    expect(drifted.out).toContain("codexd: plist: - EnvironmentVariables.BAA_CODEXD_SERVER_COMMAND");
  });
});
