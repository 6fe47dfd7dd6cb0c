import os from "node:os";
import path from "node:path";
import {
  codexdEventStreamPath,
  ConfigError,
  envTable,
  httpOrigin,
  isSupervisedBy,
  launchdLogs,
  listenAddresses,
  logLevel,
  loopbackOrigin,
  type Origin,
  originOf,
  parseEnv,
  RUNTIME_DIRS,
  serviceHome,
  words,
  type StdioLogs,
} from "@baa/process";
import * as z from "zod";

/** The version that this conductor reports. */
export const VERSION = "0.1.0";

/** Every variable that conductor reads, once. `describe` is the line of docs/reference/env.md. */
const EnvSchema = z.object({
  BAA_CONDUCTOR_ROLE: z
    .enum(["primary", "standby"])
    .default("primary")
    .describe("primary leads or ends with 75; standby waits until the lead is free. `--role` beats it"),
  BAA_CONDUCTOR_LOCAL_API: httpOrigin
    .default("http://127.0.0.1:4317")
    .describe("Where it listens, beside 127.0.0.1 at the same port. Port 0 takes a free one"),
  BAA_CONDUCTOR_LOCAL_API_ALLOWED_HOSTS: z
    .string()
    .default("")
    .describe("Further Host values that are served, comma-separated, without port; no wildcards"),
  BAA_CONDUCTOR_PUBLIC_HOST: z
    .string()
    .optional()
    .describe("Host name under which a proxy reaches it from outside; only tokens made for it count there"),
  BAA_SHARED_TOKEN_FILE: z
    .string()
    .optional()
    .describe(
      "File (0600) with the token of all scopes (default: ~/.config/baa-conductor/shared-token.txt, made when missing)",
    ),
  BAA_CODEXD_LOCAL_API_BASE: loopbackOrigin.default("http://127.0.0.1:4319").describe("Where codexd answers"),
  BAA_CODEXD_EVENT_STREAM_PATH: codexdEventStreamPath,
  BAA_CODEXD_STATE_DIR: z
    .string()
    .optional()
    .describe("codexd's state, where its token is (default: ${BAA_STATE_DIR}/codexd)"),
  ...RUNTIME_DIRS,
  BAA_STATUS_API_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(4318)
    .describe("Port of status-api on this machine; no hook is sent there"),
  BAA_CONDUCTOR_HOOKS_FILE: z
    .string()
    .optional()
    .describe(
      "File (0600) with the targets of webhooks and their secrets (default: ~/.config/baa-conductor/hooks.json, where it is)",
    ),
  BAA_CONDUCTOR_FIREFOX_HEARTBEAT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .max(20_000)
    .default(15_000)
    .describe("How often a connected Firefox is pinged; it must be less than its extensions.background.idle.timeout"),
  BAA_NODE_ID: z.string().optional().describe("Name of this node, shown in /v1/runtime. `--host` beats it"),
  BAA_CONDUCTOR_LOG_LEVEL: logLevel,
  HOME: serviceHome,
});

/** The variables, their defaults and their meaning, for docs/reference/env.md. */
export const CONDUCTOR_ENV = envTable(EnvSchema, { HOME: "the user's home" });

export type StartRole = "primary" | "standby";

/** What the command line may say; it beats the environment. */
export interface Options {
  readonly host?: string;
  readonly role?: string;
}

export interface Config {
  readonly role: StartRole;
  readonly node: string;
  /** Loopback first; the second address only when another one is configured. */
  readonly listen: readonly Origin[];
  readonly allowedHosts: readonly string[];
  readonly publicHost: string | undefined;
  readonly sharedTokenFile: string;
  /** Whether a missing shared token may be made: not when the operator named the file. */
  readonly makesSharedToken: boolean;
  readonly tokensFile: string;
  /** The token with which status-api reads here; this conductor makes it when it leads. */
  readonly statusTokenFile: string;
  readonly codexd: {
    readonly baseUrl: string;
    readonly eventStreamPath: string;
    readonly tokenFile: string;
  };
  readonly hooks: {
    readonly file: string;
    /** Whether the operator named the file: then it must be there. */
    readonly mustExist: boolean;
    /** Ports of our services on this machine, as far as they are configured. */
    readonly ownPorts: readonly number[];
  };
  readonly firefox: { readonly heartbeatMs: number };
  readonly stateDir: string;
  readonly logLevel: string;
}

/** Whether a service manager will start us again. */
export const isSupervised = (): boolean => isSupervisedBy(process.env);

/** Where launchd keeps what we print. */
export const stdioLogs = (): StdioLogs | undefined => launchdLogs(process.env);

/** Reads the environment once. Throws ConfigError with every problem in it. */
export const readConfig = (options: Options = {}, env: Record<string, string | undefined> = process.env): Config => {
  const vars = parseEnv(EnvSchema, env);
  const state = path.resolve(vars.BAA_STATE_DIR ?? "state");
  const configDir = path.join(vars.HOME, ".config", "baa-conductor");
  return Object.freeze({
    role: roleOf(options.role) ?? vars.BAA_CONDUCTOR_ROLE,
    node: options.host ?? vars.BAA_NODE_ID ?? os.hostname(),
    listen: listenAddresses(originOf(vars.BAA_CONDUCTOR_LOCAL_API) ?? ANY_PORT),
    allowedHosts: words(vars.BAA_CONDUCTOR_LOCAL_API_ALLOWED_HOSTS),
    publicHost: vars.BAA_CONDUCTOR_PUBLIC_HOST,
    sharedTokenFile: path.resolve(vars.BAA_SHARED_TOKEN_FILE ?? path.join(configDir, "shared-token.txt")),
    makesSharedToken: vars.BAA_SHARED_TOKEN_FILE === undefined,
    tokensFile: path.join(configDir, "tokens.json"),
    codexd: {
      baseUrl: vars.BAA_CODEXD_LOCAL_API_BASE.replace(/\/$/, ""),
      eventStreamPath: vars.BAA_CODEXD_EVENT_STREAM_PATH,
      tokenFile: path.join(path.resolve(vars.BAA_CODEXD_STATE_DIR ?? path.join(state, "codexd")), "token"),
    },
    hooks: {
      file: path.resolve(vars.BAA_CONDUCTOR_HOOKS_FILE ?? path.join(configDir, "hooks.json")),
      mustExist: vars.BAA_CONDUCTOR_HOOKS_FILE !== undefined,
      ownPorts: [...USUAL_PORTS, vars.BAA_STATUS_API_PORT, originOf(vars.BAA_CODEXD_LOCAL_API_BASE)?.port ?? 0],
    },
    firefox: { heartbeatMs: vars.BAA_CONDUCTOR_FIREFOX_HEARTBEAT_MS },
    stateDir: path.join(state, "conductor"),
    statusTokenFile: path.join(state, "conductor", "status-token"),
    logLevel: vars.BAA_CONDUCTOR_LOG_LEVEL,
  });
};

/** Of conductor, status-api and codexd. */
const USUAL_PORTS = [4317, 4318, 4319];

/** What the schema does not let through. */
const ANY_PORT: Origin = { host: "127.0.0.1", port: 0 };

const roleOf = (role: string | undefined): StartRole | undefined => {
  if (role === undefined || role === "primary" || role === "standby") return role;
  throw new ConfigError([`--role: must be primary or standby; got ${JSON.stringify(role)}`]);
};
