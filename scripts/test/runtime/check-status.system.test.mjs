import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { freePort, startMac, TOKEN } from "./support.mjs";

/** A Mac with everything installed: codexd and conductor on free ports. */
const installed = async (options) => {
  const mac = await startMac(options);
  await mac.run("bootstrap", []);
  const [conductor, codexd] = [await freePort(), await freePort()].map((port) => `http://127.0.0.1:${port}`);
  const addresses = ["--local-api-base", conductor, "--codexd-api-base", codexd];
  const { code, err } = await mac.run("install-launchd", addresses, { env: { BAA_SHARED_TOKEN: TOKEN } });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return { ...mac, addresses };
};

const load = (mac, service) => mac.double.launchctl("bootstrap", "gui/501", mac.plist(service));

describe("check-launchd", () => {
  test("passes on what install-launchd wrote with the same options, also from a shell with another PATH", async () => {
    const mac = await installed();
    const check = await mac.run("check-launchd", mac.addresses, { env: { PATH: `/opt/none:${mac.env.PATH}` } });
    expect(check).toMatchObject({ code: 0, err: "" });
    expect(check.out.split("\n")).toEqual([
      ...["conductor", "codexd", "status-api"].flatMap((service) => [
        `${service}: entry: ok`,
        `${service}: plist_lint: ok`,
        `${service}: plist: ok`,
        ...(service === "codexd" ? [] : [`${service}: token: ok`]),
      ]),
      "all checks passed",
      "",
    ]);
  });

  test("names each difference, each missing thing, and goes on with the others", async () => {
    const mac = await installed();
    const file = mac.plist("conductor");
    fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace("<integer>10</integer>", "<integer>1</integer>"));
    fs.rmSync(mac.plist("status-api"));
    fs.rmSync(path.join(mac.repo, "apps/codexd/dist/index.js"));
    fs.writeFileSync(mac.tokenFile, "replace-me\n");
    const { code, out } = await mac.run("check-launchd", mac.addresses);
    expect(code).toBe(1);
    expect(out).toContain("conductor: plist: - ThrottleInterval: 1\n    + ThrottleInterval: 10\n");
    expect(out).toContain("conductor: token: BAA_SHARED_TOKEN is empty or still replace-me");
    expect(out).toContain("codexd: entry: not built: there is no ");
    expect(out).toContain(`status-api: plist: there is no ${mac.plist("status-api")}; run install-launchd.sh\n`);
    expect(out).toMatch(/\n5 checks failed\n$/);
    const skipped = await mac.run("check-launchd", [...mac.addresses, "--skip-dist-check", "--service", "codexd"]);
    expect(skipped).toMatchObject({ code: 0 });
  });

  test("--json has one object per service", async () => {
    const mac = await installed();
    const { code, out } = await mac.run("check-launchd", ["--service", "codexd", "--json"]);
    expect(code).toBe(1);
    const { ok, services } = JSON.parse(out);
    expect(ok).toBe(false);
    expect(services[0].checks).toMatchObject([
      { check: "entry", ok: true },
      { check: "plist_lint", ok: true },
      { check: "plist", ok: false },
    ]);
    expect(services[0].checks[2].detail).toContain("BAA_CODEXD_LOCAL_API_BASE");
  });

  test("--shared-token is what the file must hold; neither is shown", async () => {
    const mac = await installed();
    const args = [...mac.addresses, "--service", "conductor", "--shared-token"];
    expect((await mac.run("check-launchd", [...args, TOKEN])).code).toBe(0);
    const other = await mac.run("check-launchd", [...args, "another-token-0123456789"]);
    expect(other.code).toBe(1);
    expect(other.out).toContain(`conductor: token: ${mac.tokenFile} holds another token than the one given\n`);
    expect(other.out).not.toMatch(/another-token|shared-token-of/);
  });

  test("--check-loaded asks launchd, in the domain that is there", async () => {
    const mac = await installed();
    const args = [...mac.addresses, "--service", "codexd", "--check-loaded"];
    const before = await mac.run("check-launchd", args);
    expect(before.code).toBe(1);
    expect(before.out).toContain("codexd: loaded: launchd does not have gui/501/so.makefile.baa-codexd");
    await load(mac, "codexd");
    expect((await mac.run("check-launchd", args)).out).toContain("codexd: loaded: ok\n");
  });

  test("without any session it says so", async () => {
    const mac = await installed({ launchd: { domains: [] } });
    const { code, err } = await mac.run("check-launchd", ["--check-loaded"]);
    expect(code).toBe(77);
    expect(err).toContain("there is neither gui/501 nor user/501: log in on the screen of this Mac");
  });
});

describe("status-launchd", () => {
  const run = (mac, ...args) => mac.run("status-launchd", [...mac.addresses, ...args], { repoDir: null });
  const STATUS_API = ["--status-api-base", "http://127.0.0.1:9"];

  test("tells loaded, running and healthy apart; a dead service does not stop the list", async () => {
    const mac = await installed();
    await load(mac, "codexd");
    mac.double.launchd.faults.pended.set("so.makefile.baa-conductor", "speculative");
    await load(mac, "conductor");
    fs.writeFileSync(mac.plist("status-api"), "<plist>");
    await expect.poll(async () => (await run(mac, "--service", "codexd")).code, { timeout: 20_000 }).toBe(0);
    const { code, out } = await run(mac, ...STATUS_API);
    expect(code).toBe(2);
    const [conductor, codexd, statusApi] = out.split("\n\n");
    expect(conductor).toContain(
      `label: so.makefile.baa-conductor\nplist: ${mac.plist("conductor")}\nplist_lint: ok\nloaded: yes\nrunning: no (runs 0, state not running, start held back by launchd: speculative, last exit (never exited))\nhealthy: no\n`,
    );
    expect(conductor).toMatch(/http: http:\S+\/healthz FAILED no answer .*\nhttp: http:\S+\/rolez FAILED no answer/);
    expect(codexd).toMatch(/plist_lint: ok\nloaded: yes\nrunning: yes \(pid \d+, runs 1, .*\)\nhealthy: yes\n/);
    expect(codexd).toMatch(/\/healthz ok 200\nhttp: \S+\/v1\/codexd\/status ok 200 mode app-server$/);
    expect(statusApi).toContain("plist_lint: invalid\nloaded: no\nrunning: no\nhealthy: no\n");
  });

  test("--json and --skip-http", async () => {
    const mac = await installed();
    fs.rmSync(mac.plist("status-api"));
    await load(mac, "codexd");
    const { code, out } = await run(mac, "--all-services", "--skip-http", "--json");
    expect(code).toBe(2);
    const { ok, domain, services } = JSON.parse(out);
    expect({ ok, domain }).toEqual({ ok: false, domain: "gui/501" });
    expect(services.map(({ service, plistLint, loaded, running }) => [service, plistLint, loaded, running])).toEqual([
      ["conductor", "ok", false, false],
      ["codexd", "ok", true, true],
      ["worker-runner", "missing", false, false],
      ["status-api", "missing", false, false],
    ]);
    expect((await run(mac, "--service", "codexd", "--skip-http")).code).toBe(0);
  });

  test("the token for a probe is in nobody's argv", async () => {
    const mac = await installed();
    const log = mac.root.join("curl.log");
    const curl = `#!/bin/bash\nprintf '%s\\n' "$*" >>'${log}'\ncat >>'${log}.in'\nprintf '{}\\n200'\n`;
    fs.writeFileSync(path.join(mac.double.bin, "curl"), curl, { mode: 0o755 });
    await run(mac, "--service", "status-api");
    expect(fs.readFileSync(log, "utf8")).toBe("--config -\n--config -\n");
    expect(fs.readFileSync(`${log}.in`, "utf8")).toContain(`header = "Authorization: Bearer ${TOKEN}"\n`);
    expect(JSON.stringify(mac.double.calls)).not.toContain(TOKEN);
  });

  test("print that cannot be read is not running, and no reason to fail", async () => {
    const mac = await installed();
    await load(mac, "codexd");
    mac.double.launchd.faults.print = "garbage";
    const { code, out } = await run(mac, "--service", "codexd", "--skip-http");
    expect(code).toBe(2);
    expect(out).toContain("loaded: yes\nrunning: no\n");
  });
});
