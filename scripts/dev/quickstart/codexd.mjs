import { randomUUID } from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lastLines } from "./processes.mjs";

const DEFAULT_PORT = 4319;
const READY_MS = 60_000;
const POLL_MS = 50;

const tryPort = (port) =>
  new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => {
      const taken = server.address().port;
      server.close(() => resolve(taken));
    });
  });

const pickPort = async () => (await tryPort(DEFAULT_PORT)) ?? (await tryPort(0));

/** The environment that launchd would give codexd, below the scratch root. */
const environmentOf = ({ root, dir, url, codexHome, env }) => ({
  ...env,
  CODEX_HOME: codexHome,
  BAA_CODEXD_REPO_ROOT: root,
  BAA_CODEXD_LOCAL_API_BASE: url,
  BAA_CODEXD_EVENT_STREAM_PATH: "/v1/codexd/events",
  BAA_CODEXD_MODE: "app-server",
  BAA_CODEXD_SERVER_STRATEGY: "spawn",
  BAA_CODEXD_SERVER_COMMAND: env.BAA_CODEXD_SERVER_COMMAND || path.join(root, "node_modules/.bin/codex"),
  BAA_CODEXD_SERVER_ARGS: env.BAA_CODEXD_SERVER_ARGS || "app-server",
  BAA_CODEXD_SERVER_CWD: root,
  BAA_CODEXD_SERVER_ENDPOINT: "stdio://codex-app-server",
  BAA_CODEXD_STATE_DIR: path.join(dir, "state/codexd"),
  BAA_CODEXD_LOGS_DIR: path.join(dir, "logs/codexd"),
  BAA_STATE_DIR: path.join(dir, "state"),
  BAA_LOGS_DIR: path.join(dir, "logs"),
  BAA_RUNS_DIR: path.join(dir, "runs"),
  BAA_WORKTREES_DIR: path.join(dir, "worktrees"),
  BAA_TMP_DIR: path.join(dir, "tmp"),
});

/** Starts codexd on its usual port, or on a free one. */
export const startCodexd = async ({ start, root, dir, codexHome, env }) => {
  const url = `http://127.0.0.1:${await pickPort()}`;
  const child = start({
    name: "codexd",
    args: [path.join(root, "apps/codexd/dist/index.js"), "start"],
    env: environmentOf({ root, dir, url, codexHome, env }),
    logFile: path.join(dir, "logs/codexd.out.log"),
  });
  return { child, url, tokenFile: path.join(dir, "state/codexd/token") };
};

const readiness = async (url) => {
  try {
    const reply = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5000) });
    return { isReady: reply.status === 200, text: await reply.text() };
  } catch (error) {
    return { isReady: false, text: error.cause?.message ?? error.message };
  }
};

/** Waits until /readyz says 200; throws with what it last said, or with codexd's own last words. */
export const waitUntilReady = async ({ child, url }) => {
  const deadline = performance.now() + READY_MS;
  for (;;) {
    const { isReady, text } = await readiness(url);
    if (isReady) return;
    if (child.hasEnded) throw new Error(`codexd ended (${(await child.ended).reason}):\n${lastLines(child)}`);
    if (performance.now() > deadline) throw new Error(`codexd is not ready after ${READY_MS / 1000} s: ${text}`);
    await sleep(POLL_MS);
  }
};

/** A caller of codexd's JSON routes; an error names the problem's code and what to do. */
export const createApi = ({ url, tokenFile }) => {
  const authorization = () => `Bearer ${fs.readFileSync(tokenFile, "utf8").trim()}`;
  const call = async (method, route, body) => {
    const headers = { authorization: authorization() };
    if (body !== undefined)
      Object.assign(headers, { "content-type": "application/json", "idempotency-key": randomUUID() });
    const reply = await fetch(`${url}${route}`, { method, headers, body: JSON.stringify(body) });
    const document = await reply.json();
    if (reply.ok) return document;
    throw new Error(`${method} ${route}: ${reply.status} ${document.code}: ${document.detail ?? document.title}`);
  };
  const stream = async (route, signal) => {
    const headers = { authorization: authorization(), accept: "text/event-stream" };
    const reply = await fetch(`${url}${route}`, { headers, signal });
    if (reply.ok) return reply.body;
    throw new Error(`GET ${route}: ${reply.status} ${await reply.text()}`);
  };
  return { call, stream };
};
