import { ConfigError } from "@baa/process";
import { describe, expect, test } from "vitest";
import { CODEXD_ENV, type Config, readConfig } from "../src/config.ts";

/** The least environment that makes every path known. */
const ENV = { HOME: "/home/u", BAA_CODEXD_REPO_ROOT: "/srv/baa" };
const configOf = (env: Record<string, string | undefined>): Config => readConfig({ ...ENV, ...env });

test("the defaults", () => {
  expect(configOf({})).toEqual({
    repoRoot: "/srv/baa",
    host: "127.0.0.1",
    port: 4319,
    eventStreamPath: "/v1/codexd/events",
    command: "codex",
    args: ["app-server", "--disable", "plugins", "--disable", "unbounded_connection_retries"],
    childCwd: "/srv/baa",
    childEnv: { CODEX_HOME: "/home/u/.codex", LOG_FORMAT: "json", HOME: "/home/u" },
    codexHome: "/home/u/.codex",
    homeDir: "/home/u",
    stateDir: "/srv/baa/state/codexd",
    logsDir: "/srv/baa/logs/codexd",
    tmpDir: "/srv/baa/tmp",
    runtimeDirs: ["/srv/baa/state", "/srv/baa/logs", "/srv/baa/tmp", "/srv/baa/runs", "/srv/baa/worktrees"],
    policyFile: "/home/u/.config/baa-conductor/policy.json",
    sharedTokenFile: "/home/u/.config/baa-conductor/shared-token.txt",
    statusTokenFile: "/srv/baa/state/conductor/status-token",
    hooksFile: "/home/u/.config/baa-conductor/hooks.json",
    version: "0.1.0",
    nodeId: undefined,
    smokeLifetimeMs: 60_000,
    approvalTtlMs: 86_400_000,
    turnsMax: 16,
    turnIdleTimeoutMs: 600_000,
    childMemoryMaxBytes: 4096 * 1024 * 1024,
    probeIntervalMs: 15_000,
    external: undefined,
    threadIdleMs: 1_800_000,
    threadsLoadedMax: 100,
    codexLogsMaxBytes: 1_073_741_824,
    allowDowngrade: false,
    logLevel: "info",
  });
});

test("the settings are frozen", () => {
  expect(Object.isFrozen(configOf({}))).toBe(true);
});

describe("each variable reaches its setting", () => {
  const cases: [string, string, Partial<Config>][] = [
    ["BAA_CODEXD_LOCAL_API_BASE", "http://localhost:0", { host: "127.0.0.1", port: 0 }],
    ["BAA_CODEXD_LOCAL_API_BASE", "http://[::1]:4400/", { host: "::1", port: 4400 }],
    ["BAA_CODEXD_EVENT_STREAM_PATH", "/ws", { eventStreamPath: "/ws" }],
    ["BAA_CODEXD_SERVER_COMMAND", "/opt/codex", { command: "/opt/codex" }],
    ["BAA_CODEXD_SERVER_ARGS", "stub --flag 'a b'", { args: ["stub", "--flag", "a b"] }],
    ["BAA_CODEXD_SERVER_CWD", "/srv/other", { childCwd: "/srv/other" }],
    ["BAA_CODEXD_STATE_DIR", "/var/s", { stateDir: "/var/s" }],
    ["BAA_CODEXD_LOGS_DIR", "/var/l", { logsDir: "/var/l" }],
    ["BAA_STATE_DIR", "/var/state", { stateDir: "/var/state/codexd" }],
    ["BAA_LOGS_DIR", "/var/logs", { logsDir: "/var/logs/codexd" }],
    ["BAA_TMP_DIR", "/var/tmp/baa", { tmpDir: "/var/tmp/baa" }],
    [
      "BAA_RUNS_DIR",
      "/var/runs",
      { runtimeDirs: ["/srv/baa/state", "/srv/baa/logs", "/srv/baa/tmp", "/var/runs", "/srv/baa/worktrees"] },
    ],
    [
      "BAA_WORKTREES_DIR",
      "/var/w",
      { runtimeDirs: ["/srv/baa/state", "/srv/baa/logs", "/srv/baa/tmp", "/srv/baa/runs", "/var/w"] },
    ],
    ["BAA_NODE_ID", "mini", { nodeId: "mini" }],
    ["BAA_CODEXD_VERSION", "9.9.9", { version: "9.9.9" }],
    ["BAA_CODEXD_SMOKE_LIFETIME_MS", "5", { smokeLifetimeMs: 5 }],
    ["BAA_CODEXD_APPROVAL_TTL", "1000", { approvalTtlMs: 1000 }],
    ["BAA_CODEXD_TURNS_MAX", "1", { turnsMax: 1 }],
    ["BAA_CODEXD_TURN_IDLE_TIMEOUT_MS", "7", { turnIdleTimeoutMs: 7 }],
    ["BAA_CODEXD_CHILD_MEMORY_MAX_MIB", "64", { childMemoryMaxBytes: 67_108_864 }],
    ["BAA_CODEXD_PROBE_INTERVAL_MS", "100", { probeIntervalMs: 100 }],
    ["BAA_CODEXD_LOG_LEVEL", "debug", { logLevel: "debug" }],
    ["BAA_POLICY_FILE", "/etc/policy.json", { policyFile: "/etc/policy.json" }],
    ["CODEX_HOME", "/home/u/other", { codexHome: "/home/u/other" }],
    ["BAA_CODEXD_MODE", "app-server", {}],
    ["BAA_CODEXD_SERVER_STRATEGY", "spawn", {}],
    ["BAA_CODEXD_SERVER_ENDPOINT", "stdio://codex-app-server", { external: undefined }],
    ["BAA_CODEXD_SERVER_ENDPOINT_TOKEN_FILE", "/t", { external: undefined }],
    ["BAA_CODEXD_THREAD_IDLE_MS", "5000", { threadIdleMs: 5000 }],
    ["BAA_CODEXD_THREADS_LOADED_MAX", "3", { threadsLoadedMax: 3 }],
    ["BAA_CODEXD_CODEX_LOGS_MAX_MIB", "2", { codexLogsMaxBytes: 2_097_152 }],
    ["BAA_CODEXD_ALLOW_DOWNGRADE", "1", { allowDowngrade: true }],
    ["BAA_CODEXD_CHILD_ENV", "EXTRA", {}],
    ["BAA_SHARED_TOKEN_FILE", "/srv/shared", { sharedTokenFile: "/srv/shared" }],
    ["BAA_CODEXD_REPO_ROOT", "/srv/x", { repoRoot: "/srv/x" }],
    ["HOME", "/root/h", { homeDir: "/root/h", sharedTokenFile: "/root/h/.config/baa-conductor/shared-token.txt" }],
  ];
  test.each(cases)("%s=%s", (name, value, expected) => {
    expect(configOf({ [name]: value })).toMatchObject(expected);
  });

  test("none is left out of this list, and each has a line for the reference", () => {
    expect([...new Set(cases.map(([name]) => name))].toSorted()).toEqual(CODEXD_ENV.map(({ name }) => name).toSorted());
    expect(CODEXD_ENV.filter(({ description }) => description === "")).toEqual([]);
    expect(CODEXD_ENV.find(({ name }) => name === "BAA_CODEXD_TURNS_MAX")?.default).toBe("16");
    expect(CODEXD_ENV.find(({ name }) => name === "BAA_STATE_DIR")?.default).toBeUndefined();
  });

  test("an empty value counts as unset", () => {
    expect(configOf({ BAA_CODEXD_TURNS_MAX: "", BAA_NODE_ID: "", CODEX_HOME: "" })).toEqual(configOf({}));
  });
});

describe("a wrong value is refused by the variable's name", () => {
  const cases = [
    ["BAA_CODEXD_LOCAL_API_BASE", "http://0.0.0.0:4319"],
    ["BAA_CODEXD_LOCAL_API_BASE", "http://192.168.1.2:4319"],
    ["BAA_CODEXD_LOCAL_API_BASE", "https://127.0.0.1:4319"],
    ["BAA_CODEXD_LOCAL_API_BASE", "http://127.0.0.1:4319/path"],
    ["BAA_CODEXD_LOCAL_API_BASE", "http://127.0.0.1:4319/?a=b"],
    ["BAA_CODEXD_LOCAL_API_BASE", "http://user@127.0.0.1:4319"],
    ["BAA_CODEXD_LOCAL_API_BASE", "http://127.0.0.1.evil.example:4319"],
    ["BAA_CODEXD_LOCAL_API_BASE", "127.0.0.1:4319"],
    ["BAA_CODEXD_EVENT_STREAM_PATH", "events"],
    ["BAA_CODEXD_EVENT_STREAM_PATH", "/a?b"],
    ["BAA_CODEXD_MODE", "exec"],
    ["BAA_CODEXD_SERVER_STRATEGY", "attach"],
    ["BAA_CODEXD_SERVER_STRATEGY", "other"],
    ["BAA_CODEXD_SERVER_ARGS", "app-server 'open"],
    ["BAA_CODEXD_SERVER_ENDPOINT", "ws://127.0.0.1:1"],
    ["BAA_CODEXD_SMOKE_LIFETIME_MS", "0"],
    ["BAA_CODEXD_APPROVAL_TTL", "-1"],
    ["BAA_CODEXD_TURNS_MAX", "0"],
    ["BAA_CODEXD_TURNS_MAX", "1001"],
    ["BAA_CODEXD_TURNS_MAX", "many"],
    ["BAA_CODEXD_TURNS_MAX", "1.5"],
    ["BAA_CODEXD_TURN_IDLE_TIMEOUT_MS", "0"],
    ["BAA_CODEXD_CHILD_MEMORY_MAX_MIB", "63"],
    ["BAA_CODEXD_PROBE_INTERVAL_MS", "fast"],
    ["BAA_CODEXD_THREAD_IDLE_MS", "0"],
    ["BAA_CODEXD_THREADS_LOADED_MAX", "0"],
    ["BAA_CODEXD_CODEX_LOGS_MAX_MIB", "0"],
    ["BAA_CODEXD_ALLOW_DOWNGRADE", "yes"],
    ["BAA_CODEXD_LOG_LEVEL", "loud"],
  ] as const;
  test.each(cases)("%s=%s", (name, value) => {
    const read = () => configOf({ [name]: value });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(`${name}: `);
  });

  test("all that is wrong is said at once", () => {
    const error = (() => {
      try {
        return configOf({ BAA_CODEXD_TURNS_MAX: "x", BAA_CODEXD_LOG_LEVEL: "y" });
      } catch (thrown) {
        return thrown;
      }
    })();
    expect((error as ConfigError).problems.map((problem) => problem.split(":")[0])).toEqual([
      "BAA_CODEXD_TURNS_MAX",
      "BAA_CODEXD_LOG_LEVEL",
    ]);
  });
});

describe("an app-server that runs already", () => {
  const external = (endpoint?: string, more: Record<string, string> = {}) =>
    configOf({ BAA_CODEXD_SERVER_STRATEGY: "external", BAA_CODEXD_SERVER_ENDPOINT: endpoint, ...more }).external;

  test("is reached over loopback or a unix socket", () => {
    expect(external("ws://127.0.0.1:4500")).toEqual({
      endpoint: { kind: "tcp", host: "127.0.0.1", port: 4500 },
      tokenFile: undefined,
    });
    expect(external("unix:///run/c.sock", { BAA_CODEXD_SERVER_ENDPOINT_TOKEN_FILE: "/t" })).toEqual({
      endpoint: { kind: "unix", path: "/run/c.sock" },
      tokenFile: "/t",
    });
  });

  test.each([undefined, "stdio://codex-app-server", "ws://10.0.0.7:4500", "ws://127.0.0.1", "unix://relative"])(
    "and nowhere else: %s",
    (endpoint) => {
      expect(() => external(endpoint)).toThrow("BAA_CODEXD_SERVER_ENDPOINT: external needs ws://127.0.0.1:<port>");
    },
  );
});

describe("the child's environment", () => {
  const childEnv = (env: Record<string, string | undefined>) => configOf(env).childEnv;

  test("is exactly the allow-list", () => {
    const env = {
      PATH: "/bin",
      USER: "u",
      LOGNAME: "u",
      SHELL: "/bin/sh",
      LANG: "C",
      LC_ALL: "C",
      LC_TIME: "de",
      TMPDIR: "/tmp",
      TZ: "UTC",
      OPENAI_API_KEY: "k",
      EDITOR: "vi",
      SSH_AUTH_SOCK: "/s",
      AWS_SECRET_ACCESS_KEY: "x",
      NODE_OPTIONS: "--require x",
      LD_PRELOAD: "x",
    };
    expect(childEnv(env)).toEqual({
      CODEX_HOME: "/home/u/.codex",
      LOG_FORMAT: "json",
      HOME: "/home/u",
      PATH: "/bin",
      USER: "u",
      LOGNAME: "u",
      SHELL: "/bin/sh",
      LANG: "C",
      LC_ALL: "C",
      LC_TIME: "de",
      TMPDIR: "/tmp",
      TZ: "UTC",
      OPENAI_API_KEY: "k",
    });
  });

  test("nothing of ours is in it", () => {
    const ours = Object.fromEntries(CODEXD_ENV.map(({ name }) => [name, undefined as string | undefined]));
    const env = {
      ...ours,
      BAA_STATE_DIR: "/s",
      BAA_NODE_ID: "n",
      BAA_SHARED_TOKEN: "t",
      BAA_POLICY_FILE: "/p",
      BAA_CODEXD_CHILD_ENV: "MY_VAR, OTHER",
      MY_VAR: "1",
      OTHER: "2",
    };
    const names = Object.keys(childEnv({ ...env, ...ENV }));
    expect(names.filter((name) => name.startsWith("BAA_"))).toEqual([]);
    expect(names.toSorted()).toEqual(["CODEX_HOME", "HOME", "LOG_FORMAT", "MY_VAR", "OTHER"]);
  });

  test("names that are given further but not set are not in it", () => {
    expect(childEnv({ BAA_CODEXD_CHILD_ENV: ",NOPE,, " })).toEqual({
      CODEX_HOME: "/home/u/.codex",
      LOG_FORMAT: "json",
      HOME: "/home/u",
    });
  });
});

describe("what codexd adds to the child's arguments", () => {
  const argsOf = (text: string) => configOf({ BAA_CODEXD_SERVER_ARGS: text }).args;
  test("only to app-server, and only what the operator does not name", () => {
    expect(argsOf("app-server --disable plugins")).toEqual([
      "app-server",
      "--disable",
      "plugins",
      "--disable",
      "unbounded_connection_retries",
    ]);
    expect(argsOf("app-server --enable plugins -c features.unbounded_connection_retries=true")).toEqual([
      "app-server",
      "--enable",
      "plugins",
      "-c",
      "features.unbounded_connection_retries=true",
    ]);
    expect(argsOf("stub.js --x")).toEqual(["stub.js", "--x"]);
  });
});
