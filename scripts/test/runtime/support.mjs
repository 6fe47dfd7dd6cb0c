// A pretended Mac for the operator's scripts: a home, a repository with tiny daemons, launchd, BSD tools.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFailed, onTestFinished } from "vitest";
import { installBsdShims, LaunchdDouble, tempRoot } from "../../../packages/test-kit/src/index.ts";

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
export const TOKEN = "shared-token-of-the-tests-0123456789";
const APPS = ["conductor-daemon", "codexd", "status-api", "worker-runner"];

// What the probes ask, and nothing else. Reads its address from the plist's environment like the real ones.
const DAEMON = String.raw`
import http from "node:http";
import fs from "node:fs";
const app = process.argv[1].split("/").at(-3);
const env = process.env;
const base = { "conductor-daemon": env.BAA_CONDUCTOR_LOCAL_API, codexd: env.BAA_CODEXD_LOCAL_API_BASE }[app];
const port = base ? Number(new URL(base).port) : Number(env.BAA_STATUS_API_PORT);
const json = (value) => JSON.stringify(value);
const host = (env.BAA_STATUS_API_HOST ?? "").startsWith("127.") ? env.BAA_STATUS_API_HOST : "127.0.0.1";
const role = () => (fs.existsSync("role") ? fs.readFileSync("role", "utf8") : "leader\n");
const isAllowed = ({ headers }) =>
  headers.authorization === "Bearer " + fs.readFileSync(env.BAA_SHARED_TOKEN_FILE, "utf8").trim();
const answers = {
  "conductor-daemon": { "/healthz": "ok\n", "/readyz": json({ status: "ready" }), "/rolez": role },
  codexd: { "/healthz": json({ status: "ok" }), "/v1/codexd/status": json({ mode: "app-server" }) },
  "status-api": { "/healthz": "ok\n", "/v1/status": (request) => (isAllowed(request) ? json({ ok: true }) : undefined) },
}[app] ?? {};
if (process.argv.includes("--version")) { console.log("0.1.0"); process.exit(); }
console.log("up", app, json(process.argv.slice(2)));
if (fs.existsSync("stubborn")) process.on("SIGTERM", () => undefined);
if (app === "worker-runner") setInterval(() => undefined, 1000);
else http.createServer((request, response) => {
  const answer = answers[request.url];
  const text = typeof answer === "function" ? answer(request) : answer;
  response.writeHead(text === undefined ? 404 : 200).end(text);
}).listen(port, host);
`;

const write = (file, text) => {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
};

/** A free port of loopback. */
export const freePort = () =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Every file below a directory with its mode and a hash of its content. */
export const snapshot = (dir) =>
  fs
    .readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.parentPath.includes("/launchd-double"))
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      const { mode, mtimeMs } = fs.lstatSync(file);
      const hash = entry.isFile() ? createHash("sha256").update(fs.readFileSync(file)).digest("hex") : "";
      return `${file} ${mode.toString(8)} ${entry.isFile() ? mtimeMs : ""} ${hash}`;
    })
    .toSorted();

/** One Mac per test; everything of it ends with the test. Concurrent tests hand over their own context as `test`. */
export const startMac = async (options = {}) => {
  const hooks = options.test ?? { onTestFailed, onTestFinished };
  const root = tempRoot({ test: hooks, prefix: "mac-" });
  const home = root.dir("home of o'brien & söhne");
  const repo = root.dir("home of o'brien & söhne/code/baa 中文");
  for (const app of APPS.filter((name) => !(options.unbuilt ?? []).includes(name)))
    write(path.join(repo, "apps", app, "dist/index.js"), DAEMON);
  const double = await LaunchdDouble.start({
    test: hooks,
    home,
    stateDir: root.join("launchd-double"),
    secondMs: 40,
    ...options.launchd,
  });
  const shims = root.join("launchd-double/bsd");
  installBsdShims(shims);
  const env = {
    HOME: home,
    PATH: `${double.bin}:${shims}:/usr/bin:/bin:${path.dirname(process.execPath)}`,
    LANG: "C.UTF-8",
  };

  /** Runs a script with another bash when BASH32 names one; `{code, out, err}`. */
  const run = (script, args, { env: more = {}, repoDir = repo, from = ROOT } = {}) =>
    new Promise((resolve) => {
      const file = path.join(from, "scripts/runtime", `${script}.sh`);
      const place = repoDir === null ? [] : ["--repo-dir", repoDir];
      const words = [...(process.env.BASH32 ? [file] : []), ...args, ...place];
      const child = spawn(process.env.BASH32 ?? file, words, { cwd: "/", env: { ...env, ...more } });
      const [out, err] = [[], []];
      child.stdout.on("data", (chunk) => out.push(chunk));
      child.stderr.on("data", (chunk) => err.push(chunk));
      child.stdin.end();
      child.once("close", (code) =>
        resolve({ code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }),
      );
    });

  const config = path.join(home, ".config/baa-conductor");
  return {
    root,
    home,
    repo,
    double,
    env,
    run,
    agents: path.join(home, "Library/LaunchAgents"),
    plist: (service) => path.join(home, "Library/LaunchAgents", `so.makefile.baa-${service}.plist`),
    config,
    tokenFile: path.join(config, "shared-token.txt"),
    snapshot: () => snapshot(home),
  };
};
