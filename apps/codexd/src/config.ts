import path from "node:path";
import { type Endpoint, parseEndpoint } from "@baa/codex-app-server";
import {
  codexdEventStreamPath,
  ConfigError,
  envTable,
  isSupervisedBy,
  launchdLogs,
  logLevel,
  loopbackOrigin,
  type Origin,
  originOf,
  parseEnv,
  serviceHome,
  shownValue,
  type StdioLogs,
} from "@baa/process";
import * as z from "zod";

const positiveMs = (fallback: number) => z.coerce.number().int().positive().default(fallback);

const DEFAULT_VERSION = "0.1.0";

/** Every variable that codexd reads, once. `describe` is the line of docs/reference/env.md. */
const EnvSchema = z.object({
  BAA_CODEXD_REPO_ROOT: z
    .string()
    .default(process.cwd())
    .describe("Code root; runtime directories default to places below it"),
  BAA_CODEXD_LOCAL_API_BASE: loopbackOrigin
    .default("http://127.0.0.1:4319")
    .describe("Where codexd listens; loopback only. Port 0 takes a free one"),
  BAA_CODEXD_EVENT_STREAM_PATH: codexdEventStreamPath.describe("Path of the WebSocket event stream"),
  BAA_CODEXD_MODE: z.literal("app-server").default("app-server").describe("The only supported mode"),
  BAA_CODEXD_SERVER_STRATEGY: z
    .enum(["spawn", "external"])
    .default("spawn")
    .describe("spawn starts and supervises the child; external connects to an app-server that runs already"),
  BAA_CODEXD_SERVER_COMMAND: z
    .string()
    .default("codex")
    .describe("Codex, or what stands in for it; the npm wrapper is resolved to the native binary"),
  BAA_CODEXD_SERVER_ARGS: z.string().default("app-server").describe("Its arguments, split as a shell would"),
  BAA_CODEXD_SERVER_CWD: z.string().optional().describe("Working directory of the child (default: the repository)"),
  BAA_CODEXD_SERVER_ENDPOINT: z
    .string()
    .regex(/^(stdio|ws|unix):\/\//)
    .default("stdio://codex-app-server")
    .describe(
      "How Codex is reached: stdio for spawn; for external ws://127.0.0.1:<port> or unix:///<path of a socket>",
    ),
  BAA_CODEXD_SERVER_ENDPOINT_TOKEN_FILE: z
    .string()
    .optional()
    .describe("external: file (0600) with the bearer token that the app-server wants"),
  BAA_STATE_DIR: z.string().optional().describe("Runtime root: state"),
  BAA_LOGS_DIR: z.string().optional().describe("Runtime root: logs"),
  BAA_TMP_DIR: z
    .string()
    .optional()
    .describe("Runtime root: scratch, with the working directories of sessions that named none"),
  BAA_RUNS_DIR: z.string().optional().describe("Runtime root: runs"),
  BAA_WORKTREES_DIR: z.string().optional().describe("Runtime root: worktrees"),
  BAA_CODEXD_STATE_DIR: z.string().optional().describe("codexd's own state (default: ${BAA_STATE_DIR}/codexd)"),
  BAA_CODEXD_LOGS_DIR: z.string().optional().describe("codexd's own logs (default: ${BAA_LOGS_DIR}/codexd)"),
  BAA_NODE_ID: z.string().optional().describe("Name of this node, shown in status"),
  BAA_CODEXD_VERSION: z.string().default(DEFAULT_VERSION).describe("The version that codexd reports as its own"),
  BAA_CODEXD_SMOKE_LIFETIME_MS: positiveMs(60_000).describe(
    "How long the stub child of `smoke` may live, in milliseconds",
  ),
  BAA_CODEXD_APPROVAL_TTL: positiveMs(86_400_000).describe("Milliseconds until an unanswered approval is declined"),
  BAA_CODEXD_TURNS_MAX: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(16)
    .describe("Turns in progress at once; more get 429"),
  BAA_CODEXD_TURN_IDLE_TIMEOUT_MS: positiveMs(600_000).describe("A turn with no progress for this long is interrupted"),
  BAA_CODEXD_CHILD_ENV: z
    .string()
    .default("")
    .describe("Comma-separated names of further variables that the child may see"),
  BAA_CODEXD_CHILD_MEMORY_MAX_MIB: z.coerce
    .number()
    .int()
    .min(64)
    .default(4096)
    .describe("Resident memory above which the child is recycled between turns"),
  BAA_CODEXD_PROBE_INTERVAL_MS: positiveMs(15_000).describe("Milliseconds between health probes of the child"),
  BAA_CODEXD_THREAD_IDLE_MS: positiveMs(1_800_000).describe(
    "Milliseconds without use after which a session's thread is unloaded from Codex; its next turn loads it again",
  ),
  BAA_CODEXD_THREADS_LOADED_MAX: z.coerce
    .number()
    .int()
    .min(1)
    .default(100)
    .describe("Threads that stay loaded in Codex; above it those that were used longest ago are unloaded"),
  BAA_CODEXD_CODEX_LOGS_MAX_MIB: z.coerce
    .number()
    .int()
    .min(1)
    .default(1024)
    .describe("Size of Codex's own logs_2.sqlite above which it is set aside before the child is started"),
  BAA_CODEXD_ALLOW_DOWNGRADE: z
    .enum(["0", "1"])
    .default("0")
    .describe("1 lets a Codex older than the newest that ran on this CODEX_HOME be used; it may not see its history"),
  BAA_CODEXD_LOG_LEVEL: logLevel,
  BAA_POLICY_FILE: z
    .string()
    .optional()
    .describe("What callers may ask of Codex (default: ~/.config/baa-conductor/policy.json)"),
  BAA_SHARED_TOKEN_FILE: z
    .string()
    .optional()
    .describe(
      "conductor's token, which codexd hides in everything from Codex (default: ~/.config/baa-conductor/shared-token.txt)",
    ),
  CODEX_HOME: z.string().optional().describe("Codex's own directory (default: ~/.codex)"),
  HOME: serviceHome,
});

/** What `--version` prints; also when other settings are wrong. */
export const codexdVersion = (env: Record<string, string | undefined> = process.env): string =>
  env["BAA_CODEXD_VERSION"] || DEFAULT_VERSION;

/** One setting as `codexd config` shows it. */
export interface Setting {
  readonly name: string;
  /** Its value as it may be shown; undefined when it has neither a value nor a default. */
  readonly value: string | undefined;
  readonly source: "environment" | "default";
  readonly default: string | undefined;
  readonly description: string;
}

/** Every setting with its value and where it comes from, secrets hidden, right or wrong. */
export const readSettings = (env: Record<string, string | undefined> = process.env): Setting[] =>
  CODEXD_ENV.map(({ name, default: fallback, description }) => {
    const given = env[name] === "" ? undefined : env[name];
    return {
      name,
      value: given === undefined ? fallback : shownValue(name, given),
      source: given === undefined ? "default" : "environment",
      default: fallback,
      description,
    };
  });

/** Names that look like settings of codexd and are none: mostly typing errors. */
export const unknownSettings = (env: Record<string, string | undefined> = process.env): string[] =>
  Object.keys(env)
    .filter((name) => name.startsWith("BAA_CODEXD_") && !(name in EnvSchema.shape))
    .sort();

/** The variables, their defaults and their meaning, for docs/reference/env.md and `config`. */
export const CODEXD_ENV = envTable(EnvSchema, {
  BAA_CODEXD_REPO_ROOT: "the working directory",
  HOME: "the user's home",
});

export interface Config {
  readonly repoRoot: string;
  readonly host: string;
  readonly port: number;
  readonly eventStreamPath: string;
  /** The app-server to connect to; undefined = one of our own is started. */
  readonly external: { readonly endpoint: Endpoint; readonly tokenFile: string | undefined } | undefined;
  readonly command: string;
  readonly args: readonly string[];
  readonly childCwd: string;
  readonly childEnv: Record<string, string>;
  readonly codexHome: string;
  readonly homeDir: string;
  readonly stateDir: string;
  readonly logsDir: string;
  readonly tmpDir: string;
  readonly runtimeDirs: readonly string[];
  readonly policyFile: string;
  readonly sharedTokenFile: string;
  /** The token that conductor makes for status-api. */
  readonly statusTokenFile: string;
  /** The operator's webhooks, which are conductor's: their secrets must not leave through Codex. */
  readonly hooksFile: string;
  readonly version: string;
  readonly nodeId: string | undefined;
  readonly smokeLifetimeMs: number;
  readonly approvalTtlMs: number;
  readonly turnsMax: number;
  readonly turnIdleTimeoutMs: number;
  readonly childMemoryMaxBytes: number;
  readonly probeIntervalMs: number;
  readonly threadIdleMs: number;
  readonly threadsLoadedMax: number;
  readonly codexLogsMaxBytes: number;
  readonly allowDowngrade: boolean;
  readonly logLevel: string;
}

/** Whether a service manager will start us again. */
export const isSupervised = (): boolean => isSupervisedBy(process.env);

/** Where launchd keeps what we print. */
export const stdioLogs = (): StdioLogs | undefined => launchdLogs(process.env);

/** Reads the environment once. Throws ConfigError with every problem in it. */
export const readConfig = (env: Record<string, string | undefined> = process.env): Config => {
  const vars = parseEnv(EnvSchema, env);
  const root = path.resolve(vars.BAA_CODEXD_REPO_ROOT);
  const dir = (value: string | undefined, fallback: string): string => path.resolve(value ?? path.join(root, fallback));
  const state = dir(vars.BAA_STATE_DIR, "state");
  const logs = dir(vars.BAA_LOGS_DIR, "logs");
  const tmp = dir(vars.BAA_TMP_DIR, "tmp");
  const configDir = path.join(vars.HOME, ".config", "baa-conductor");
  const { host, port } = originOf(vars.BAA_CODEXD_LOCAL_API_BASE) as Origin; // the schema lets nothing else through
  const codexHome = path.resolve(vars.CODEX_HOME ?? path.join(vars.HOME, ".codex"));
  return Object.freeze({
    repoRoot: root,
    host,
    port,
    eventStreamPath: vars.BAA_CODEXD_EVENT_STREAM_PATH,
    external: externalOf(vars),
    command: vars.BAA_CODEXD_SERVER_COMMAND,
    args: withDefaultArgs(splitShellWords("BAA_CODEXD_SERVER_ARGS", vars.BAA_CODEXD_SERVER_ARGS)),
    childCwd: path.resolve(vars.BAA_CODEXD_SERVER_CWD ?? root),
    childEnv: childEnvironment(env, vars.BAA_CODEXD_CHILD_ENV, codexHome),
    codexHome,
    homeDir: vars.HOME,
    stateDir: path.resolve(vars.BAA_CODEXD_STATE_DIR ?? path.join(state, "codexd")),
    logsDir: path.resolve(vars.BAA_CODEXD_LOGS_DIR ?? path.join(logs, "codexd")),
    tmpDir: tmp,
    runtimeDirs: [state, logs, tmp, dir(vars.BAA_RUNS_DIR, "runs"), dir(vars.BAA_WORKTREES_DIR, "worktrees")],
    policyFile: path.resolve(vars.BAA_POLICY_FILE ?? path.join(configDir, "policy.json")),
    sharedTokenFile: path.resolve(vars.BAA_SHARED_TOKEN_FILE ?? path.join(configDir, "shared-token.txt")),
    statusTokenFile: path.join(state, "conductor", "status-token"),
    hooksFile: path.join(configDir, "hooks.json"),
    version: vars.BAA_CODEXD_VERSION,
    nodeId: vars.BAA_NODE_ID,
    smokeLifetimeMs: vars.BAA_CODEXD_SMOKE_LIFETIME_MS,
    approvalTtlMs: vars.BAA_CODEXD_APPROVAL_TTL,
    turnsMax: vars.BAA_CODEXD_TURNS_MAX,
    turnIdleTimeoutMs: vars.BAA_CODEXD_TURN_IDLE_TIMEOUT_MS,
    childMemoryMaxBytes: vars.BAA_CODEXD_CHILD_MEMORY_MAX_MIB * 1024 * 1024,
    probeIntervalMs: vars.BAA_CODEXD_PROBE_INTERVAL_MS,
    threadIdleMs: vars.BAA_CODEXD_THREAD_IDLE_MS,
    threadsLoadedMax: vars.BAA_CODEXD_THREADS_LOADED_MAX,
    codexLogsMaxBytes: vars.BAA_CODEXD_CODEX_LOGS_MAX_MIB * 1024 * 1024,
    allowDowngrade: vars.BAA_CODEXD_ALLOW_DOWNGRADE === "1",
    logLevel: vars.BAA_CODEXD_LOG_LEVEL,
  });
};

/** Strategy and endpoint belong together; either alone would do something else than was meant. */
const externalOf = (vars: z.infer<typeof EnvSchema>): Config["external"] => {
  const { BAA_CODEXD_SERVER_STRATEGY: strategy, BAA_CODEXD_SERVER_ENDPOINT: text } = vars;
  if (strategy === "spawn") {
    if (text.startsWith("stdio://")) return undefined;
    throw new ConfigError([`BAA_CODEXD_SERVER_ENDPOINT: ${text} needs BAA_CODEXD_SERVER_STRATEGY=external`]);
  }
  const endpoint = parseEndpoint(text);
  if (endpoint === undefined) {
    throw new ConfigError([
      "BAA_CODEXD_SERVER_ENDPOINT: external needs ws://127.0.0.1:<port> (loopback only) or unix:///<path of a socket>",
    ]);
  }
  const tokenFile = vars.BAA_CODEXD_SERVER_ENDPOINT_TOKEN_FILE;
  return { endpoint, tokenFile: tokenFile === undefined ? undefined : path.resolve(tokenFile) };
};

/** Splits as a shell would: blanks, single and double quotes, backslashes; nothing is expanded. */
export const splitShellWords = (name: string, text: string): string[] => {
  const words: string[] = [];
  const pattern = /\s*((?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+)/y;
  let at = 0;
  while (text.slice(at).trim() !== "") {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match) throw new ConfigError([`${name}: has an open quote or a stray backslash`]);
    at = pattern.lastIndex;
    words.push(unquote(match[1] as string));
  }
  return words;
};

const unquote = (word: string): string =>
  word.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)|([^"'\\]+)/g, (_all, double, single, escaped, plain) =>
    double !== undefined ? (double as string).replace(/\\(["\\$`])/g, "$1") : (single ?? escaped ?? plain ?? ""),
  );

/** Adds what codexd relies on, unless the operator names it (codex 0.169.0: no plugin fetches, bounded retries). */
const withDefaultArgs = (args: string[]): string[] => {
  if (args[0] !== "app-server") return args;
  const added: string[] = [];
  for (const feature of ["plugins", "unbounded_connection_retries"]) {
    if (!args.some((arg) => arg.includes(feature))) added.push("--disable", feature);
  }
  return [...args, ...added];
};

const CHILD_ENV_NAMES = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TMPDIR", "TZ", "OPENAI_API_KEY"];

/** The child's environment is an allow-list: commands that Codex runs inherit it. */
const childEnvironment = (
  env: Record<string, string | undefined>,
  further: string,
  codexHome: string,
): Record<string, string> => {
  const names = [
    ...CHILD_ENV_NAMES,
    ...further
      .split(",")
      .map((name) => name.trim())
      .filter(Boolean),
  ];
  const result: Record<string, string> = { CODEX_HOME: codexHome, LOG_FORMAT: "json" };
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && (names.includes(name) || name.startsWith("LC_"))) result[name] = value;
  }
  return result;
};
