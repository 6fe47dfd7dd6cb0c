// The settings that an installation was made with, read back from its plists. Rendering with them shows what a plist
// has that its template does not give, and where two plists disagree.
import { nodeFault } from "../../../../ops/launchd/lib/programs.mjs";
import { renderServices } from "../../../../ops/launchd/lib/run-render.mjs";

/** Setting -> the variable that carries it. */
const VARIABLES = {
  homeDir: "HOME",
  jobPath: "PATH",
  node: "BAA_NODE_ID",
  tokenFile: "BAA_SHARED_TOKEN_FILE",
  localApiBase: "BAA_CONDUCTOR_LOCAL_API",
  localApiAllowedHosts: "BAA_CONDUCTOR_LOCAL_API_ALLOWED_HOSTS",
  controlApiBase: "BAA_CONTROL_API_BASE",
  codexdLocalApiBase: "BAA_CODEXD_LOCAL_API_BASE",
  codexdEventStreamPath: "BAA_CODEXD_EVENT_STREAM_PATH",
  codexdServerCommand: "BAA_CODEXD_SERVER_COMMAND",
  codexdServerCwd: "BAA_CODEXD_SERVER_CWD",
  statusApiHost: "BAA_STATUS_API_HOST",
  statusApiPort: "BAA_STATUS_API_PORT",
};

const firstOf = (services, read) => services.map(read).find((value) => typeof value === "string");

/** The renderer takes no other; a plist with one that will not do then differs. */
const usableNode = ({ tree }) => {
  const node = tree.get("ProgramArguments")?.[0] ?? "";
  return nodeFault(node) === undefined ? node : undefined;
};

const codeDirOf = ({ tree, entry }) => {
  const file = tree.get("ProgramArguments")?.[1];
  return file?.endsWith(`/${entry}`) ? file.slice(0, -entry.length - 1) : undefined;
};

const givenOf = (services) => {
  const given = {
    repoDir: firstOf(services, ({ tree }) => tree.get("WorkingDirectory")),
    nodePath: firstOf(services, usableNode) ?? process.execPath,
    username: firstOf(services, ({ tree }) => tree.get("UserName")),
    sessionType: firstOf(services, ({ tree }) => tree.get("LimitLoadToSessionType")),
    codeDir: firstOf(services, codeDirOf),
  };
  for (const [name, variable] of Object.entries(VARIABLES))
    given[name] = firstOf(services, ({ tree }) => tree.get("EnvironmentVariables")?.get(variable));
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
};

/** `[{service, diff}]` of installed services. Throws what the renderer throws. */
export const renderAsInstalled = (services, { scope, installDir }) => {
  const values = { service: services.map(({ id }) => id), "all-services": false, check: true, "keep-programs": false };
  return renderServices({ values, given: { ...givenOf(services), scope, installDir } }, "").results;
};
