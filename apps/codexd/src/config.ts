import os from "node:os";
import path from "node:path";
import { ConfigError, parseEnv } from "@baa/process";
import { z } from "zod";

const loopbackUrl = z.string().refine(isLoopbackHttp, {
  error: "must be http:// on 127.0.0.1, [::1] or localhost with a port; codexd never listens elsewhere",
});
const positiveMs = (fallback: number) => z.coerce.number().int().positive().default(fallback);

/** Every variable that codexd reads, once. `describe` is the line of docs/reference/env.md. */
const EnvSchema = z.object({
  BAA_CODEXD_REPO_ROOT: z
    .string()
    .default(process.cwd())
    .describe("Code root; runtime directories default to places below it"),
  BAA_CODEXD_LOCAL_API_BASE: loopbackUrl
    .default("http://127.0.0.1:4319")
    .describe("Where codexd listens; loopback only. Port 0 takes a free one"),
  BAA_CODEXD_EVENT_STREAM_PATH: z
    .string()
    .regex(/^\/[\w./-]*$/)
    .default("/v1/codexd/events")
    .describe("Path of the WebSocket event stream"),
  BAA_CODEXD_MODE: z.literal("app-server").default("app-server").describe("The only supported mode"),
  BAA_CODEXD_SERVER_STRATEGY: z
    .enum(["spawn", "external"])
    .default("spawn")
    .describe("spawn starts and supervises the child; external is not built yet"),
  BAA_CODEXD_SERVER_COMMAND: z
    .string()
    .default("codex")
    .describe("Codex, or what stands in for it; the npm wrapper is resolved to the native binary"),
  BAA_CODEXD_SERVER_ARGS: z.string().default("app-server").describe("Its arguments, split as a shell would"),
  BAA_CODEXD_SERVER_CWD: z.string().optional().describe("Working directory of the child (default: the repository)"),
  BAA_CODEXD_SERVER_ENDPOINT: z
    .string()
    .startsWith("stdio://")
    .default("stdio://codex-app-server")
    .describe("How the child is reached; stdio only"),
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
  BAA_CODEXD_VERSION: z.string().default("0.1.0").describe("The version that codexd reports as its own"),
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
  BAA_CODEXD_LOG_LEVEL: z
    .enum(["debug", "info", "warn", "error"])
    .default("info")
    .describe("Least level that is logged"),
  BAA_POLICY_FILE: z
    .string()
    .optional()
    .describe("What callers may ask of Codex (default: ~/.config/baa-conductor/policy.json)"),
  CODEX_HOME: z.string().optional().describe("Codex's own directory (default: ~/.codex)"),
  HOME: z.string().default(os.homedir()).describe("Home of the service's user"),
});

/** The variables, their defaults and their meaning, for docs/reference/env.md and `config`. */
export const CODEXD_ENV: readonly { name: string; default: string | undefined; description: string }[] = Object.entries(
  EnvSchema.shape,
).map(([name, schema]) => ({ name, default: shownDefault(name, schema), description: schema.description ?? "" }));

export interface Config {
  readonly repoRoot: string;
  readonly host: string;
  readonly port: number;
  readonly eventStreamPath: string;
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
  readonly version: string;
  readonly nodeId: string | undefined;
  readonly smokeLifetimeMs: number;
  readonly approvalTtlMs: number;
  readonly turnsMax: number;
  readonly turnIdleTimeoutMs: number;
  readonly childMemoryMaxBytes: number;
  readonly probeIntervalMs: number;
  readonly logLevel: string;
}

/** Whether a service manager will start us again: then a failed start pauses, so that it does not spin. */
export const isSupervised = (env: Record<string, string | undefined> = process.env): boolean =>
  (env["XPC_SERVICE_NAME"] ?? "0") !== "0" || env["INVOCATION_ID"] !== undefined;

/** Reads the environment once. Throws ConfigError with every problem in it. */
export const readConfig = (env: Record<string, string | undefined> = process.env): Config => {
  const vars = parseEnv(EnvSchema, env);
  const root = path.resolve(vars.BAA_CODEXD_REPO_ROOT);
  const dir = (value: string | undefined, fallback: string): string => path.resolve(value ?? path.join(root, fallback));
  const state = dir(vars.BAA_STATE_DIR, "state");
  const logs = dir(vars.BAA_LOGS_DIR, "logs");
  const tmp = dir(vars.BAA_TMP_DIR, "tmp");
  const configDir = path.join(vars.HOME, ".config", "baa-conductor");
  if (vars.BAA_CODEXD_SERVER_STRATEGY === "external") {
    throw new ConfigError(["BAA_CODEXD_SERVER_STRATEGY: external is not built yet; use spawn"]);
  }
  const api = new URL(vars.BAA_CODEXD_LOCAL_API_BASE);
  const codexHome = path.resolve(vars.CODEX_HOME ?? path.join(vars.HOME, ".codex"));
  return Object.freeze({
    repoRoot: root,
    // A literal address is bound, never a name that somebody may resolve otherwise.
    host: api.hostname === "localhost" ? "127.0.0.1" : api.hostname.replace(/^\[|\]$/g, ""),
    port: Number(api.port || 80),
    eventStreamPath: vars.BAA_CODEXD_EVENT_STREAM_PATH,
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
    sharedTokenFile: path.join(configDir, "shared-token.txt"),
    version: vars.BAA_CODEXD_VERSION,
    nodeId: vars.BAA_NODE_ID,
    smokeLifetimeMs: vars.BAA_CODEXD_SMOKE_LIFETIME_MS,
    approvalTtlMs: vars.BAA_CODEXD_APPROVAL_TTL,
    turnsMax: vars.BAA_CODEXD_TURNS_MAX,
    turnIdleTimeoutMs: vars.BAA_CODEXD_TURN_IDLE_TIMEOUT_MS,
    childMemoryMaxBytes: vars.BAA_CODEXD_CHILD_MEMORY_MAX_MIB * 1024 * 1024,
    probeIntervalMs: vars.BAA_CODEXD_PROBE_INTERVAL_MS,
    logLevel: vars.BAA_CODEXD_LOG_LEVEL,
  });
};

function isLoopbackHttp(value: string): boolean {
  try {
    const url = new URL(value);
    const bare = url.pathname === "/" && url.search === "" && url.hash === "" && url.username === "";
    return url.protocol === "http:" && bare && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  } catch {
    return false;
  }
}

function shownDefault(name: string, schema: z.ZodType): string | undefined {
  if (name === "BAA_CODEXD_REPO_ROOT") return "the working directory";
  if (name === "HOME") return "the user's home";
  const parsed = schema.safeParse(undefined);
  return parsed.success && parsed.data !== undefined ? String(parsed.data as string | number) : undefined;
}

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
