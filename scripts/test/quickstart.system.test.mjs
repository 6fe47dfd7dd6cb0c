// quickstart as people run it, in a root of its own: its files are copied, what is built and installed is linked.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const repo = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const DAEMONS = ["codexd", "conductor-daemon", "status-api"];
let root = "";

beforeAll(() => {
  root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "quickstart-")));
  for (const name of ["quickstart.mjs", "quickstart"]) {
    fs.cpSync(path.join(repo, "scripts/dev", name), path.join(root, "scripts/dev", name), { recursive: true });
  }
  for (const name of ["apps", "packages", "node_modules"]) fs.symlinkSync(path.join(repo, name), path.join(root, name));
  fs.mkdirSync(path.join(root, "home"), { mode: 0o700 });
});
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

/** Every process that was started from this root: its command line names it. */
const processes = () =>
  spawnSync("ps", ["-A", "-o", "pid=,command="], { encoding: "utf8" })
    .stdout.split("\n")
    .filter((line) => line.includes(`${root}/`));

/** Starts a quickstart; `text()` is what it has printed. */
const quickstart = (t, ...words) => {
  const env = { PATH: process.env.PATH, HOME: path.join(root, "home"), LANG: "C" };
  const child = spawn(process.execPath, [path.join(root, "scripts/dev/quickstart.mjs"), ...words], { cwd: root, env });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (printed += text));
  t.onTestFailed(() => void process.stderr.write(`--- quickstart ${words.join(" ")} ---\n${printed}\n---\n`));
  t.onTestFinished(() => void child.kill("SIGTERM"));
  const ended = once(child, "close").then(([code]) => code);
  const until = async (pattern) => {
    while (!pattern.test(printed)) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it ended before it said ${pattern}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return pattern.exec(printed);
  };
  return { child, ended, until, text: () => printed };
};

/** Takes a port on loopback, when nobody has it already. */
const take = (t, port) =>
  new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve());
    server.listen(port, "127.0.0.1", () => resolve(t.onTestFinished(() => void server.close())));
  });

test("--once brings all three up beside busy ports, runs its turn through conductor, and leaves nothing", async (t) => {
  for (const port of [4317, 4318, 4319]) await take(t, port);
  const run = quickstart(t, "--once", "--provider", "loopback", "--prompt", "hello there");
  expect(await run.ended).toBe(0);
  const text = run.text();
  const ports = ["conductor", "status-api", "codexd"].map(
    (name) => new RegExp(`^${name} +http://127\\.0\\.0\\.1:(\\d+), ready in`, "m").exec(text)?.[1],
  );
  expect(new Set(ports).size).toBe(3);
  for (const port of ports) expect(["4317", "4318", "4319", undefined]).not.toContain(port);
  expect(text).toContain("You said: hello there");
  expect(text).toMatch(/^turn\.completed in \d/m);
  const events = fs.readFileSync(path.join(root, "tmp/quickstart/logs/codexd/events.jsonl"), "utf8");
  expect(events).toContain('"title":"quickstart"');
  expect(processes()).toEqual([]);
});

test("without it everything stays up, the page too, until Ctrl-C ends all of it", async (t) => {
  const run = quickstart(t, "--provider", "loopback");
  await run.until(/^stop {7}/m);
  const [, page] = /^page +(\S+)\/ /m.exec(run.text());
  const [, tokenFile] = /^token +cat (\S+)$/m.exec(run.text());
  expect((await fetch(`${page}/`)).status).toBe(200);
  const token = fs.readFileSync(tokenFile, "utf8").trim();
  expect(fs.statSync(tokenFile).mode & 0o777).toBe(0o600);
  const reply = await fetch(`${page}/v1/status`, { headers: { authorization: `Bearer ${token}` } });
  expect(await reply.json()).toMatchObject({ summary: { level: "ok" }, counts: { sessions: 1 } });
  expect(run.text()).not.toContain(token);
  expect(fs.readdirSync(path.join(root, "home"))).toEqual([]);
  expect(DAEMONS.map((name) => processes().some((line) => line.includes(`/apps/${name}/`)))).toEqual([
    true,
    true,
    true,
  ]);
  run.child.kill("SIGINT");
  expect(await run.ended).toBe(0);
  expect(processes()).toEqual([]);
});

test("--stop ends what a quickstart that was killed has left", async (t) => {
  const run = quickstart(t, "--provider", "loopback");
  await run.until(/^stop {7}/m);
  run.child.kill("SIGKILL");
  await run.ended;
  expect(processes().length).toBeGreaterThanOrEqual(4);
  const stop = quickstart(t, "--stop");
  expect([await stop.ended, stop.text()]).toEqual([0, "stopped tmp/quickstart\n"]);
  expect(processes()).toEqual([]);
});
