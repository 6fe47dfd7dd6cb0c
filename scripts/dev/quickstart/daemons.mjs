import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pickPorts } from "./ports.mjs";
import { lastLines } from "./processes.mjs";

const PORTS = { codexd: 4319, conductor: 4317, "status-api": 4318 };
const READY_MS = 60_000;
const POLL_MS = 50;

/** What all three share: the scratch root, each other's addresses, and a token that is not the user's own. */
const commonEnvironment = ({ dir, urls, tokenFile, env }) => ({
  ...env,
  BAA_STATE_DIR: path.join(dir, "state"),
  BAA_LOGS_DIR: path.join(dir, "logs"),
  BAA_RUNS_DIR: path.join(dir, "runs"),
  BAA_WORKTREES_DIR: path.join(dir, "worktrees"),
  BAA_TMP_DIR: path.join(dir, "tmp"),
  BAA_CODEXD_LOCAL_API_BASE: urls.codexd,
  BAA_CODEXD_EVENT_STREAM_PATH: "/v1/codexd/events",
  BAA_CODEXD_STATE_DIR: path.join(dir, "state/codexd"),
  BAA_CONDUCTOR_LOCAL_API: urls.conductor,
  BAA_CONDUCTOR_LOCAL_API_ALLOWED_HOSTS: "",
  BAA_SHARED_TOKEN_FILE: tokenFile,
});

/** What launchd would give codexd on top. */
const codexdEnvironment = ({ root, dir, codexHome, env }) => ({
  CODEX_HOME: codexHome,
  BAA_CODEXD_REPO_ROOT: root,
  BAA_CODEXD_MODE: "app-server",
  BAA_CODEXD_SERVER_STRATEGY: "spawn",
  BAA_CODEXD_SERVER_COMMAND: env.BAA_CODEXD_SERVER_COMMAND || path.join(root, "node_modules/.bin/codex"),
  BAA_CODEXD_SERVER_ARGS: env.BAA_CODEXD_SERVER_ARGS || "app-server",
  BAA_CODEXD_SERVER_CWD: root,
  BAA_CODEXD_SERVER_ENDPOINT: "stdio://codex-app-server",
  BAA_CODEXD_LOGS_DIR: path.join(dir, "logs/codexd"),
});

const makeToken = (dir) => {
  const file = path.join(dir, "shared-token.txt");
  fs.writeFileSync(file, `${crypto.randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  return file;
};

/** What is started, in order: entry, arguments, and what its environment has on top of the common one. */
const specs = (o, ports) => [
  { name: "codexd", entry: "codexd", args: ["start"], env: codexdEnvironment(o) },
  {
    name: "conductor",
    entry: "conductor-daemon",
    args: ["--host", "quickstart", "--role", "primary"],
    env: { BAA_CONDUCTOR_PUBLIC_HOST: "" },
  },
  {
    name: "status-api",
    entry: "status-api",
    args: [],
    env: { BAA_STATUS_API_HOST: "127.0.0.1", BAA_STATUS_API_PORT: String(ports["status-api"]) },
  },
];

/**
 * Starts the three daemons, each on its usual port or on a free one. Returns `{daemons, tokenFile}`; a daemon is
 * `{name, url, child}`.
 */
export const startDaemons = async (o) => {
  const { start, root, dir } = o;
  const names = Object.keys(PORTS);
  const picked = await pickPorts(Object.values(PORTS));
  const ports = Object.fromEntries(names.map((name, at) => [name, picked[at]]));
  const urls = Object.fromEntries(names.map((name) => [name, `http://127.0.0.1:${ports[name]}`]));
  const tokenFile = makeToken(dir);
  const common = commonEnvironment({ ...o, urls, tokenFile });
  const daemons = specs(o, ports).map(({ name, entry, args, env }) => {
    const child = start({
      name,
      args: [path.join(root, "apps", entry, "dist/index.js"), ...args],
      env: { ...common, ...env },
      logFile: path.join(dir, `logs/${name}.out.log`),
    });
    return { name, url: urls[name], child };
  });
  return { daemons, tokenFile };
};

const readiness = async (url) => {
  try {
    const reply = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5000) });
    return { isReady: reply.status === 200, text: await reply.text() };
  } catch (error) {
    return { isReady: false, text: error.cause?.message ?? error.message };
  }
};

/** Tries until it is there; throws with what it said last, or with the daemon's own last words. */
const waitFor = async ({ name, child }, look) => {
  const deadline = performance.now() + READY_MS;
  for (;;) {
    const { isReady, text } = await look();
    if (isReady) return;
    if (child.hasEnded) throw new Error(`${name} ended (${(await child.ended).reason}):\n${lastLines(child)}`);
    if (performance.now() > deadline) throw new Error(`${name} is not ready after ${READY_MS / 1000} s: ${text}`);
    await sleep(POLL_MS);
  }
};

/** Waits until /readyz says 200. */
export const waitUntilReady = (daemon) => waitFor(daemon, () => readiness(daemon.url));

/** Waits until conductor has found codexd, which may have come up after it. */
export const waitUntilLinked = (conductor, api) =>
  waitFor(conductor, async () => {
    const { codexd } = await api.call("GET", "/v1/runtime");
    return { isReady: codexd?.state === "up", text: `codexd is ${codexd?.state}` };
  });
