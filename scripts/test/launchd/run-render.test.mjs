// Calls of the renderer on real files: in this process, and once as the program that it is.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as independent from "plist";
import { runRender } from "../../../ops/launchd/lib/run-render.mjs";
import { beforeEach, expect, onTestFinished, test } from "vitest";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const LABEL = "so.makefile.baa-codexd";
let dir;
let agents;
let former;
let file;

beforeEach(() => {
  dir = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "render-")));
  agents = path.join(dir, "Library/LaunchAgents");
  former = path.join(dir, ".config/baa-conductor/launchd");
  file = path.join(agents, `${LABEL}.plist`);
  onTestFinished(() => fs.rmSync(dir, { recursive: true, force: true }));
});

const call = (args) => ["--home-dir", dir, "--repo-dir", "/srv/a repo", "--service", "codexd", ...args];

const render = (args, searchPath = process.env.PATH) => runRender(call(args), searchPath);

const mode = (name) => fs.statSync(name).mode & 0o777;

test("a first run writes 0644 under any umask, a second one changes nothing, nothing else is left", () => {
  const umask = process.umask(0o077);
  onTestFinished(() => process.umask(umask));
  expect(render([]).code).toBe(0);
  expect(mode(file)).toBe(0o644);
  expect(fs.readdirSync(agents)).toEqual([`${LABEL}.plist`]);
  expect(fs.existsSync(former)).toBe(false);
  const { mtimeMs, ino } = fs.statSync(file);
  const again = render([]);
  expect(again).toEqual({ code: 0, stdout: `codexd: unchanged: ${file}\n`, stderr: "" });
  expect(fs.statSync(file)).toMatchObject({ mtimeMs, ino });
  expect(render(["--check"]).code).toBe(0);
});

test("hostile values reach launchd as they are", () => {
  const hostile = `${dir}/it's "q" & ]]> <b> \\ 中文\nline`;
  expect(render(["--codexd-server-cwd", hostile, "--codexd-server-command", 'co\'dex & \\ "x"']).code).toBe(0);
  const { EnvironmentVariables } = independent.parse(fs.readFileSync(file, "utf8"));
  expect(EnvironmentVariables.BAA_CODEXD_SERVER_CWD).toBe(hostile);
  expect(EnvironmentVariables.BAA_CODEXD_SERVER_COMMAND).toBe('co\'dex & \\ "x"');
  const again = render(["--check", "--codexd-server-cwd", hostile, "--codexd-server-command", 'co\'dex & \\ "x"']);
  expect(again.code).toBe(0);
});

test("a change keeps the former copy outside of LaunchAgents, readable by its owner only", () => {
  render([]);
  const before = fs.readFileSync(file);
  const { code, stdout } = render(["--codexd-api-base", "http://127.0.0.1:5319"]);
  expect(code).toBe(0);
  expect(stdout).toContain('- EnvironmentVariables.BAA_CODEXD_LOCAL_API_BASE: "http://127.0.0.1:4319"');
  expect(stdout).toContain('+ EnvironmentVariables.BAA_CODEXD_LOCAL_API_BASE: "http://127.0.0.1:5319"');
  expect(fs.readFileSync(path.join(former, `${LABEL}.plist.prev`))).toEqual(before);
  expect([mode(former), mode(path.join(former, `${LABEL}.plist.prev`))]).toEqual([0o700, 0o600]);
  expect(fs.readdirSync(agents)).toEqual([`${LABEL}.plist`]);
});

test("an old token does not survive an installation and is not shown", () => {
  render([]);
  const key = "<key>HOME</key>";
  fs.writeFileSync(
    file,
    fs.readFileSync(file, "utf8").replace(key, `<key>BAA_SHARED_TOKEN</key><string>s3cret</string>${key}`),
  );
  const check = render(["--check"]);
  expect(check.code).toBe(1);
  expect(check.stdout).toContain("- EnvironmentVariables.BAA_SHARED_TOKEN: (hidden)");
  const { stdout } = render([]);
  expect(check.stdout + stdout).not.toContain("s3cret");
  expect(fs.readFileSync(file, "utf8")).not.toContain("s3cret");
});

test("the check names missing, invalid, drifted and wrongly readable files, and writes nothing", () => {
  const verdict = () => JSON.parse(render(["--check", "--json"]).stdout).services[0];
  expect(verdict()).toMatchObject({ service: "codexd", label: LABEL, plist: file, state: "missing", changed: false });
  expect(fs.existsSync(agents)).toBe(false);
  fs.mkdirSync(agents, { recursive: true });
  fs.writeFileSync(file, "<plist>");
  expect(verdict()).toMatchObject({ state: "invalid", why: "1:8: a value is missing" });
  render([]);
  fs.chmodSync(file, 0o600);
  expect(verdict()).toMatchObject({ state: "drift", faults: ["its mode is 0600 and must be 0644"], diff: [] });
  const text = fs.readFileSync(file, "utf8");
  fs.writeFileSync(file, text.replace("<integer>10</integer>", "<integer>1</integer>"));
  fs.chmodSync(file, 0o644);
  expect(verdict()).toMatchObject({ state: "drift", diff: [{ key: "ThrottleInterval", was: "1", now: "10" }] });
  fs.writeFileSync(file, text.replaceAll("  <", "\t<")); // other white space is no drift
  expect(verdict()).toMatchObject({ state: "same" });
});

test("a wrong mode alone is mended in place and does not push out the former copy", () => {
  render([]);
  render(["--codexd-api-base", "http://127.0.0.1:5319"]);
  const kept = fs.readFileSync(path.join(former, `${LABEL}.plist.prev`));
  fs.chmodSync(file, 0o666);
  expect(render(["--codexd-api-base", "http://127.0.0.1:5319"]).code).toBe(0);
  expect(mode(file)).toBe(0o644);
  expect(fs.readFileSync(path.join(former, `${LABEL}.plist.prev`))).toEqual(kept);
});

test("a lint that says no leaves the old file and no other; the program says so and ends with 1", () => {
  render([]);
  const before = fs.readFileSync(file);
  const bin = path.join(dir, "bin");
  fs.mkdirSync(bin);
  fs.writeFileSync(path.join(bin, "plutil"), '#!/bin/sh\necho "$3: (bad day)" >&2\nexit 1\n', { mode: 0o755 });
  const program = path.join(root, "ops/launchd/render.mjs");
  const { status, stderr } = spawnSync(process.execPath, [program, ...call(["--codexd-server-command", "other"])], {
    encoding: "utf8",
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
  });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^render: plutil -lint: .*\(bad day\)\n$/);
  expect(fs.readFileSync(file)).toEqual(before);
  expect(fs.readdirSync(agents)).toEqual([`${LABEL}.plist`]);
});

test("what an interrupted run left is removed by the next one", () => {
  fs.mkdirSync(agents, { recursive: true });
  fs.writeFileSync(path.join(agents, `.${LABEL}.plist.tmp-1`), "half");
  fs.writeFileSync(path.join(agents, "com.example.other.plist"), "not ours");
  expect(render([]).code).toBe(0);
  expect(fs.readdirSync(agents).toSorted()).toEqual(["com.example.other.plist", `${LABEL}.plist`]);
});

test("--dry-run shows every key and touches nothing", () => {
  const { code, stdout } = render(["--dry-run"]);
  expect(code).toBe(0);
  expect(stdout).toContain(`codexd: would be written: ${file}\n`);
  expect(stdout).toContain('+ EnvironmentVariables.BAA_STATE_DIR: "/srv/a repo/state"\n');
  expect(fs.readdirSync(dir)).toEqual([]);
});

test("wrong calls end with 64, what cannot be written with 73", () => {
  expect(render(["--colour"])).toMatchObject({ code: 64, stdout: "" });
  expect(render(["--service", "nginx"]).stderr).toBe(
    "render: Unsupported service: nginx (there are conductor, codexd, worker-runner, status-api)\n",
  );
  expect(render(["--codexd-local-api-base", "http://0.0.0.0:4319"]).code).toBe(64);
  fs.writeFileSync(path.join(dir, "a-file"), "");
  expect(render(["--install-dir", path.join(dir, "a-file/below")]).code).toBe(73);
});
