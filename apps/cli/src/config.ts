import os from "node:os";
import path from "node:path";
import { codexdEventStreamPath, envTable, parseEnv, shownValue } from "@baa/process";
import * as z from "zod";

/** The version that this `baa` reports, and compares with the service's. */
export const VERSION = "0.1.0";

/** Where the code lies: `dist/index.js` and `src/config.ts` are three directories below it. */
const CODE_ROOT = path.resolve(import.meta.dirname, "../../..");

const address = z.string().refine((value) => isAddress(value), {
  error: "must be http:// or https:// with a host, and no credentials, query or fragment",
});

/** Every variable that `baa` reads, once. `describe` is the line of docs/reference/env.md. */
const EnvSchema = z.object({
  BAA_CONDUCTOR_LOCAL_API: address
    .optional()
    .describe(
      "Where conductor answers; when that is this machine, 127.0.0.1 at its port is tried first (default: runtime.json, then http://127.0.0.1:4317)",
    ),
  BAA_SHARED_TOKEN_FILE: z
    .string()
    .optional()
    .describe(
      "File (0600) with the token for conductor (default: runtime.json, then ~/.config/baa-conductor/shared-token.txt)",
    ),
  BAA_CODEXD_LOCAL_API_BASE: address
    .optional()
    .describe("Where codexd answers, for when conductor does not (default: runtime.json, then http://127.0.0.1:4319)"),
  BAA_CODEXD_EVENT_STREAM_PATH: codexdEventStreamPath,
  BAA_CODEXD_STATE_DIR: z
    .string()
    .optional()
    .describe(
      "codexd's state, where its token is (default: ${BAA_STATE_DIR}/codexd, runtime.json, then state/codexd beside the code)",
    ),
  BAA_STATE_DIR: z.string().optional().describe("Runtime root: state"),
  BAA_LOGS_DIR: z.string().optional().describe("Runtime root: logs"),
  BAA_STATUS_API_HOST: z.string().optional().describe("Host of status-api (default: runtime.json, then 127.0.0.1)"),
  BAA_STATUS_API_PORT: z.coerce
    .number()
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe("Port of status-api (default: 4318)"),
  NO_COLOR: z.string().optional().describe("Set to anything but nothing: no colours"),
  TERM: z.string().optional().describe("`dumb`: no colours"),
  HOME: z.string().default(os.homedir()).describe("Home, with .config/baa-conductor"),
});

/** The variables, their defaults and their meaning, for docs/reference/env.md. */
export const CLI_ENV = envTable(EnvSchema, { HOME: "the user's home" });

/** What the environment says, nothing looked up yet: `discovery/` puts flags before it and runtime.json behind it. */
export interface Config {
  readonly conductorAddress: string | undefined;
  readonly sharedTokenFile: string | undefined;
  readonly codexdAddress: string | undefined;
  readonly codexdEventsPath: string;
  /** codexd's state directory, when the environment names one. */
  readonly codexdStateDir: string | undefined;
  readonly stateDir: string | undefined;
  readonly logsDir: string | undefined;
  readonly statusApiHost: string | undefined;
  readonly statusApiPort: number | undefined;
  /** `~/.config/baa-conductor` */
  readonly configDir: string;
  readonly homeDir: string;
  /** The checkout or release that this program belongs to. */
  readonly codeRoot: string;
}

/** Reads the environment once. Throws ConfigError with every problem in it. */
export const readConfig = (env: Readonly<Record<string, string | undefined>> = process.env): Config => {
  const vars = parseEnv(EnvSchema, env);
  const stateDir = resolved(vars.BAA_STATE_DIR);
  return Object.freeze({
    conductorAddress: trimmed(vars.BAA_CONDUCTOR_LOCAL_API),
    sharedTokenFile: resolved(vars.BAA_SHARED_TOKEN_FILE),
    codexdAddress: trimmed(vars.BAA_CODEXD_LOCAL_API_BASE),
    codexdEventsPath: vars.BAA_CODEXD_EVENT_STREAM_PATH,
    codexdStateDir: resolved(vars.BAA_CODEXD_STATE_DIR) ?? (stateDir && path.join(stateDir, "codexd")),
    stateDir,
    logsDir: resolved(vars.BAA_LOGS_DIR),
    statusApiHost: vars.BAA_STATUS_API_HOST,
    statusApiPort: vars.BAA_STATUS_API_PORT,
    configDir: path.join(vars.HOME, ".config", "baa-conductor"),
    homeDir: vars.HOME,
    codeRoot: CODE_ROOT,
  });
};

/** What a program that we start gets: our own environment, and these. */
export const inheritedEnv = (more: Readonly<Record<string, string>>): Record<string, string | undefined> => ({
  ...process.env,
  ...more,
});

/** Names that say that the value is a secret, in anybody's environment. */
const SECRET_NAME = /TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_?KEY/i;
const OWN_NAME = /^(?:BAA_|CODEX|NODE_|NO_COLOR$|TERM$|LANG$|LC_|HOME$|PATH$)/;

/** The variables that we and the daemons go by, as they may be shown. */
export const shownEnv = (env: Readonly<Record<string, string | undefined>> = process.env): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env)
      .filter(([name]) => OWN_NAME.test(name))
      .map(([name, value = ""]) => [name, shownValue(name, value)]),
  );

/** Values of variables whose names say that they are secrets; those that say where one lies are none. */
export const secretsOfEnv = (env: Readonly<Record<string, string | undefined>> = process.env): string[] =>
  Object.entries(env).flatMap(([name, value = ""]) =>
    SECRET_NAME.test(name) && !/_(?:FILE|DIR|PATH)$/.test(name) ? [value] : [],
  );

/** Whether a terminal may get colours. Read apart from the rest: also help and errors ask for it. */
export const mayColour = (env: Readonly<Record<string, string | undefined>> = process.env): boolean =>
  (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";

/** Whether something is an address that a client can be given. */
export function isAddress(value: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) return false;
  return url.username === "" && url.password === "" && url.search === "" && url.hash === "";
}

const trimmed = (value: string | undefined): string | undefined => value?.replace(/\/+$/, "");
const resolved = (file: string | undefined): string | undefined => file && path.resolve(file);
