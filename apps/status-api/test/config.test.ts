import fs from "node:fs";
import path from "node:path";
import { describe, expect, it, test } from "vitest";
import { parseCommand } from "../src/cli/options.ts";
import { readConfig, STATUS_ENV } from "../src/config.ts";
import { tempDir } from "./support/temp-dir.ts";

const configOf = (env: Record<string, string>) => readConfig({ HOME: "/home/u", BAA_STATE_DIR: "/srv/state", ...env });

test("the defaults", () => {
  expect(configOf({})).toEqual({
    listen: [{ host: "127.0.0.1", port: 4318 }],
    allowedHosts: [],
    conductorUrl: "http://127.0.0.1:4317",
    conductorTokenFile: "/srv/state/conductor/status-token",
    codexdUrl: "http://127.0.0.1:4319",
    controlApiBase: undefined,
    sharedTokenFile: "/home/u/.config/baa-conductor/shared-token.txt",
    tokensFile: "/home/u/.config/baa-conductor/tokens.json",
    logLevel: "info",
  });
});

describe("addresses", () => {
  it("are on loopback first, whatever else is configured", () => {
    expect(configOf({ BAA_STATUS_API_HOST: "100.71.210.78", BAA_STATUS_API_PORT: "4000" }).listen).toEqual([
      { host: "127.0.0.1", port: 4000 },
      { host: "100.71.210.78", port: 4000 },
    ]);
    expect(configOf({ BAA_STATUS_API_HOST: "localhost" }).listen).toEqual([{ host: "127.0.0.1", port: 4318 }]);
  });

  it("conductor is asked on loopback at its own port, wherever else it listens", () => {
    expect(configOf({ BAA_CONDUCTOR_LOCAL_API: "http://100.71.210.78:4400" }).conductorUrl).toBe(
      "http://127.0.0.1:4400",
    );
  });

  it("what is wrong is said all at once, by name", () => {
    expect(() =>
      configOf({
        BAA_STATUS_API_HOST: "status.example.net",
        BAA_STATUS_API_PORT: "70000",
        BAA_CONDUCTOR_LOCAL_API: "https://127.0.0.1:1",
        BAA_CODEXD_LOCAL_API_BASE: "http://10.0.0.1:4319",
      }),
    ).toThrow(
      /BAA_STATUS_API_HOST: must be a literal IP address.*BAA_STATUS_API_PORT.*BAA_CONDUCTOR_LOCAL_API.*BAA_CODEXD_LOCAL_API_BASE/s,
    );
  });
});

describe("the shared token", () => {
  it("that the operator names must be there", () => {
    const file = path.join(tempDir(), "shared");
    expect(() => configOf({ BAA_SHARED_TOKEN_FILE: file })).toThrow(`BAA_SHARED_TOKEN_FILE: there is no file ${file}`);
    fs.writeFileSync(file, "x".repeat(40), { mode: 0o600 });
    expect(configOf({ BAA_SHARED_TOKEN_FILE: file }).sharedTokenFile).toBe(file);
  });
});

test("every variable has a meaning", () => {
  expect(STATUS_ENV.filter(({ description }) => description === "")).toEqual([]);
});

describe("the command line", () => {
  it("needs nothing to serve", () => {
    expect(parseCommand([])).toEqual({ kind: "serve" });
  });

  it("shows help and version, and refuses what it does not know", () => {
    expect(parseCommand(["--help"])).toEqual({ kind: "help" });
    expect(parseCommand(["-h"])).toEqual({ kind: "help" });
    expect(parseCommand(["--version"])).toEqual({ kind: "version" });
    expect(parseCommand(["--port", "1"]).kind).toBe("wrong");
    expect(parseCommand(["start"]).kind).toBe("wrong");
  });
});
