import fs from "node:fs";
import { isIP } from "node:net";
import path from "node:path";
import {
  ConfigError,
  envTable,
  httpOrigin,
  isSupervisedBy,
  launchdLogs,
  listenAddresses,
  logLevel,
  loopbackOrigin,
  type Origin,
  parseEnv,
  RUNTIME_DIRS,
  serviceHome,
  words,
  type StdioLogs,
} from "@baa/process";
import * as z from "zod";

/** The version that this status-api reports. */
export const VERSION = "0.1.0";

/** Every variable that status-api reads, once. `describe` is the line of docs/reference/env.md. */
const EnvSchema = z.object({
  BAA_STATUS_API_HOST: z
    .string()
    .refine((value) => isIP(value) !== 0 || value === "localhost", { error: "must be a literal IP address" })
    .default("127.0.0.1")
    .describe("Address where it listens, beside 127.0.0.1"),
  BAA_STATUS_API_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(4318)
    .describe("Its port on both. 0 takes a free one"),
  BAA_CONDUCTOR_LOCAL_API: httpOrigin
    .default("http://127.0.0.1:4317")
    .describe("Where conductor answers. Only its port counts: it always listens on 127.0.0.1 too"),
  BAA_CONDUCTOR_LOCAL_API_ALLOWED_HOSTS: z
    .string()
    .default("")
    .describe("Further Host values that are served, comma-separated; without port: this one's. No wildcards"),
  BAA_CODEXD_LOCAL_API_BASE: loopbackOrigin
    .default("http://127.0.0.1:4319")
    .describe("Where codexd answers; only its open routes are asked"),
  BAA_CONTROL_API_BASE: z
    .string()
    .optional()
    .describe("Shown in /v1/status for old scripts; nothing is ever sent there"),
  BAA_SHARED_TOKEN_FILE: z
    .string()
    .optional()
    .describe("File (0600) with the token of all scopes (default: ~/.config/baa-conductor/shared-token.txt)"),
  ...RUNTIME_DIRS,
  BAA_STATUS_API_LOG_LEVEL: logLevel,
  HOME: serviceHome,
});

/** The variables, their defaults and their meaning, for docs/reference/env.md. */
export const STATUS_ENV = envTable(EnvSchema, { HOME: "the user's home" });

export interface Config {
  /** Loopback first; the second address only when another one is configured. */
  readonly listen: readonly Origin[];
  readonly allowedHosts: readonly string[];
  /** Where conductor is asked: on loopback, wherever else it listens. */
  readonly conductorUrl: string;
  /** The token that conductor has made for us; only read. */
  readonly conductorTokenFile: string;
  readonly codexdUrl: string;
  readonly controlApiBase: string | undefined;
  readonly sharedTokenFile: string;
  readonly tokensFile: string;
  readonly logLevel: string;
}

/** Whether a service manager will start us again. */
export const isSupervised = (): boolean => isSupervisedBy(process.env);

/** Where launchd keeps what we print. */
export const stdioLogs = (): StdioLogs | undefined => launchdLogs(process.env);

/** Reads the environment once. Throws ConfigError with every problem in it. */
export const readConfig = (env: Record<string, string | undefined> = process.env): Config => {
  const vars = parseEnv(EnvSchema, env);
  const state = path.resolve(vars.BAA_STATE_DIR ?? "state");
  const configDir = path.join(vars.HOME, ".config", "baa-conductor");
  const host = vars.BAA_STATUS_API_HOST === "localhost" ? "127.0.0.1" : vars.BAA_STATUS_API_HOST;
  return Object.freeze({
    listen: listenAddresses({ host, port: vars.BAA_STATUS_API_PORT }),
    allowedHosts: words(vars.BAA_CONDUCTOR_LOCAL_API_ALLOWED_HOSTS),
    conductorUrl: `http://127.0.0.1:${new URL(vars.BAA_CONDUCTOR_LOCAL_API).port || "80"}`,
    conductorTokenFile: path.join(state, "conductor", "status-token"),
    codexdUrl: vars.BAA_CODEXD_LOCAL_API_BASE.replace(/\/$/, ""),
    controlApiBase: vars.BAA_CONTROL_API_BASE,
    sharedTokenFile: sharedTokenFile(vars.BAA_SHARED_TOKEN_FILE, configDir),
    tokensFile: path.join(configDir, "tokens.json"),
    logLevel: vars.BAA_STATUS_API_LOG_LEVEL,
  });
};

/** The default one may come later, since conductor makes it; one that the operator names must be there. */
const sharedTokenFile = (named: string | undefined, configDir: string): string => {
  if (named === undefined) return path.join(configDir, "shared-token.txt");
  const file = path.resolve(named);
  if (!fs.existsSync(file)) throw new ConfigError([`BAA_SHARED_TOKEN_FILE: there is no file ${file}`]);
  return file;
};
