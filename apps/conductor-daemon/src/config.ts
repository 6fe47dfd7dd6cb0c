import os from "node:os";
import path from "node:path";
import { ConfigError, parseEnv } from "@baa/process";
import { z } from "zod";

/** The version that this conductor reports. */
export const VERSION = "0.1.0";

const httpOrigin = z.string().refine((value) => originOf(value) !== undefined, {
  error: "must be http:// on a literal IP address (or localhost) with a port, and nothing behind it",
});
const loopbackOrigin = z.string().refine((value) => isLoopback(originOf(value)?.host ?? ""), {
  error: "must be http:// on 127.0.0.1, [::1] or localhost with a port; codexd never listens elsewhere",
});

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
  BAA_CODEXD_EVENT_STREAM_PATH: z
    .string()
    .regex(/^\/[\w./-]*$/)
    .default("/v1/codexd/events")
    .describe("Path of codexd's WebSocket event stream"),
  BAA_CODEXD_STATE_DIR: z
    .string()
    .optional()
    .describe("codexd's state, where its token is (default: ${BAA_STATE_DIR}/codexd)"),
  BAA_STATE_DIR: z.string().optional().describe("Runtime root: state (default: ./state); conductor's own is below it"),
  BAA_LOGS_DIR: z.string().optional().describe("Runtime root: logs"),
  BAA_RUNS_DIR: z.string().optional().describe("Runtime root: runs"),
  BAA_WORKTREES_DIR: z.string().optional().describe("Runtime root: worktrees"),
  BAA_TMP_DIR: z.string().optional().describe("Runtime root: scratch"),
  BAA_NODE_ID: z.string().optional().describe("Name of this node, shown in /v1/runtime. `--host` beats it"),
  BAA_CONDUCTOR_LOG_LEVEL: z
    .enum(["debug", "info", "warn", "error"])
    .default("info")
    .describe("Least level that is logged"),
  HOME: z.string().default(os.homedir()).describe("Home of the service's user"),
});

/** The variables, their defaults and their meaning, for docs/reference/env.md. */
export const CONDUCTOR_ENV: readonly { name: string; default: string | undefined; description: string }[] =
  Object.entries(EnvSchema.shape).map(([name, schema]) => ({
    name,
    default: name === "HOME" ? "the user's home" : shownDefault(schema),
    description: schema.description ?? "",
  }));

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
  readonly listen: readonly { readonly host: string; readonly port: number }[];
  readonly allowedHosts: readonly string[];
  readonly publicHost: string | undefined;
  readonly sharedTokenFile: string;
  /** Whether a missing shared token may be made: not when the operator named the file. */
  readonly makesSharedToken: boolean;
  readonly tokensFile: string;
  readonly codexd: {
    readonly baseUrl: string;
    readonly eventStreamPath: string;
    readonly tokenFile: string;
  };
  readonly stateDir: string;
  readonly logLevel: string;
}

/** Whether a service manager will start us again: then a failed start pauses, so that it does not spin. */
export const isSupervised = (env: Record<string, string | undefined> = process.env): boolean =>
  (env["XPC_SERVICE_NAME"] ?? "0") !== "0" || env["INVOCATION_ID"] !== undefined;

/** Reads the environment once. Throws ConfigError with every problem in it. */
export const readConfig = (options: Options = {}, env: Record<string, string | undefined> = process.env): Config => {
  const vars = parseEnv(EnvSchema, env);
  const state = path.resolve(vars.BAA_STATE_DIR ?? "state");
  const configDir = path.join(vars.HOME, ".config", "baa-conductor");
  return Object.freeze({
    role: roleOf(options.role) ?? vars.BAA_CONDUCTOR_ROLE,
    node: options.host ?? vars.BAA_NODE_ID ?? os.hostname(),
    listen: addressesOf(vars.BAA_CONDUCTOR_LOCAL_API),
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
    stateDir: path.join(state, "conductor"),
    logLevel: vars.BAA_CONDUCTOR_LOG_LEVEL,
  });
};

const LOOPBACK = "127.0.0.1";

const addressesOf = (base: string): Config["listen"] => {
  const { host, port } = originOf(base) ?? { host: LOOPBACK, port: 0 };
  return host === LOOPBACK
    ? [{ host, port }]
    : [
        { host: LOOPBACK, port },
        { host, port },
      ];
};

const words = (text: string): string[] =>
  text
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);

const roleOf = (role: string | undefined): StartRole | undefined => {
  if (role === undefined || role === "primary" || role === "standby") return role;
  throw new ConfigError([`--role: must be primary or standby; got ${JSON.stringify(role)}`]);
};

/** Host and port of a bare `http://host:port`; a literal address is bound, never a name somebody may resolve otherwise. */
function originOf(value: string): { host: string; port: number } | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || url.protocol !== "http:" || url.username !== "" || url.password !== "") return undefined;
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") return undefined;
  const host = url.hostname === "localhost" ? LOOPBACK : url.hostname.replace(/^\[|\]$/g, "");
  return /^[0-9.]+$|:/.test(host) ? { host, port: Number(url.port || 80) } : undefined;
}

function isLoopback(host: string): boolean {
  return host === LOOPBACK || host === "::1";
}

function shownDefault(schema: z.ZodType): string | undefined {
  const parsed = schema.safeParse(undefined);
  return parsed.success && parsed.data !== undefined ? String(parsed.data as string) : undefined;
}
