// What may differ from node to node, and the environment variables that carry it.
import fs from "node:fs";
import path from "node:path";
import { LAUNCHD_DIR, readServices, UsageError } from "./services.mjs";

const BASE_PATH = ["/opt/homebrew/bin", "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"];

/** The addresses of a node. Throws UsageError for a node without a profile. */
export const readProfile = (node) => {
  const profiles = fs.readdirSync(path.join(LAUNCHD_DIR, "nodes")).map((name) => path.basename(name, ".json"));
  if (!profiles.includes(node)) throw new UsageError(`Unsupported node: ${node} (there are ${profiles.join(", ")})`);
  return JSON.parse(fs.readFileSync(path.join(LAUNCHD_DIR, "nodes", `${node}.json`), "utf8"));
};

const absolute = (name, value) => {
  if (!path.isAbsolute(value)) throw new UsageError(`${name} must be an absolute path: ${JSON.stringify(value)}`);
  return value === "/" ? value : value.replace(/\/+$/, "");
};

const httpUrl = (name, value, isAllowed = () => true) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const bare = url?.search === "" && url.hash === "" && url.username === "" && url.pathname === "/";
  if (!bare || !/^https?:$/.test(url.protocol))
    throw new UsageError(`${name} must be http(s)://host[:port] and nothing behind it: ${JSON.stringify(value)}`);
  if (!isAllowed(url)) throw new UsageError(`${name} must stay on loopback: ${JSON.stringify(value)}`);
  return value.replace(/\/$/, "");
};

const isLoopback = (url) => ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);

const plainWord = (name, value) => {
  if (!/^[\w.:,[\]-]+$/.test(value)) throw new UsageError(`${name} holds odd characters: ${JSON.stringify(value)}`);
  return value;
};

const portNumber = (name, value) => {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (port < 1 || port > 65_535) throw new UsageError(`${name} is a port from 1 to 65535: ${JSON.stringify(value)}`);
  return port;
};

/** The port that the table has for a service. */
const tablePort = (id) => String(readServices().find((service) => service.id === id)?.port);

const eventPath = (value) => {
  if (!/^\/[\w./-]*$/.test(value)) throw new UsageError(`--codexd-event-stream-path: ${JSON.stringify(value)}`);
  return value;
};

/** The release that install-mini.sh has made current, by its link; else what is built in the repository itself. */
const codeDirOf = (repoDir) => {
  const current = path.join(repoDir, "releases/current");
  return fs.lstatSync(current, { throwIfNoEntry: false })?.isSymbolicLink() === true ? current : repoDir;
};

/** PATH of the jobs: where node and codex were found, then the usual places, each once. */
export const jobPath = (...programs) => [
  ...new Set([...programs.filter(Boolean).map((program) => path.dirname(program)), ...BASE_PATH]),
];

/**
 * Everything that rendering needs, checked, from given values with the node profile behind them. Required:
 * `repoDir`, `homeDir`, `nodePath`. Throws UsageError.
 */
export const makeSettings = (given) => {
  const profile = readProfile(given.node ?? "mini");
  const value = (name) => given[name] ?? profile[name];
  const repoDir = absolute("--repo-dir", given.repoDir);
  const homeDir = absolute("--home-dir", given.homeDir);
  const scope = given.scope ?? "agent";
  if (scope !== "agent" && scope !== "daemon") throw new UsageError("--scope is agent or daemon");
  return Object.freeze({
    node: profile.node,
    role: profile.role,
    scope,
    username: scope === "daemon" ? plainWord("--username", given.username ?? "") : undefined,
    sessionType: given.sessionType === undefined ? undefined : plainWord("--session-type", given.sessionType),
    repoDir,
    homeDir,
    codeDir: absolute("--code-dir", given.codeDir ?? codeDirOf(repoDir)),
    nodePath: absolute("--node-path", given.nodePath),
    jobPath: given.jobPath ?? jobPath(given.nodePath, given.codexPath).join(":"),
    tokenFile: absolute("--shared-token-file", given.tokenFile ?? `${homeDir}/.config/baa-conductor/shared-token.txt`),
    localApiBase: httpUrl("--local-api-base", value("localApiBase")),
    localApiAllowedHosts: plainWord("--local-api-allowed-hosts", value("localApiAllowedHosts")),
    codexdLocalApiBase: httpUrl("--codexd-local-api-base", value("codexdLocalApiBase"), isLoopback),
    codexdEventStreamPath: eventPath(value("codexdEventStreamPath")),
    codexdServerCommand: given.codexdServerCommand ?? "codex",
    codexdServerCwd: absolute("--codexd-server-cwd", given.codexdServerCwd ?? repoDir),
    statusApiHost: plainWord("--status-api-host", value("statusApiHost")),
    statusApiPort: portNumber("--status-api-port", value("statusApiPort") ?? tablePort("status-api")),
    controlApiBase: httpUrl("--control-api-base", value("controlApiBase")),
  });
};

/** Every variable that depends on settings. A template gets those of them that it names. */
export const environmentOf = (settings) => ({
  PATH: settings.jobPath,
  HOME: settings.homeDir,
  BAA_NODE_ID: settings.node,
  BAA_RUNS_DIR: `${settings.repoDir}/runs`,
  BAA_WORKTREES_DIR: `${settings.repoDir}/worktrees`,
  BAA_LOGS_DIR: `${settings.repoDir}/logs`,
  BAA_TMP_DIR: `${settings.repoDir}/tmp`,
  BAA_STATE_DIR: `${settings.repoDir}/state`,
  BAA_CONDUCTOR_ROLE: settings.role,
  BAA_CONDUCTOR_LOCAL_API: settings.localApiBase,
  BAA_CONDUCTOR_LOCAL_API_ALLOWED_HOSTS: settings.localApiAllowedHosts,
  BAA_CONTROL_API_BASE: settings.controlApiBase,
  BAA_STATUS_API_HOST: settings.statusApiHost,
  BAA_STATUS_API_PORT: String(settings.statusApiPort),
  BAA_SHARED_TOKEN_FILE: settings.tokenFile,
  BAA_CODEXD_REPO_ROOT: settings.repoDir,
  BAA_CODEXD_LOCAL_API_BASE: settings.codexdLocalApiBase,
  BAA_CODEXD_EVENT_STREAM_PATH: settings.codexdEventStreamPath,
  BAA_CODEXD_SERVER_COMMAND: settings.codexdServerCommand,
  BAA_CODEXD_SERVER_CWD: settings.codexdServerCwd,
  BAA_CODEXD_LOGS_DIR: `${settings.repoDir}/logs/codexd`,
  BAA_CODEXD_STATE_DIR: `${settings.repoDir}/state/codexd`,
});
