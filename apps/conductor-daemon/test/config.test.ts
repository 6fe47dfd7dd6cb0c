import { describe, expect, it } from "vitest";
import { parseCommand } from "../src/cli/options.ts";
import { readConfig } from "../src/config.ts";

const HOME = "/home/somebody";

describe("settings", () => {
  it("without an environment: loopback only, primary, everything below the working directory and HOME", () => {
    const config = readConfig({}, { HOME, BAA_NODE_ID: "n1" });
    expect(config).toMatchObject({
      role: "primary",
      node: "n1",
      listen: [{ host: "127.0.0.1", port: 4317 }],
      allowedHosts: [],
      publicHost: undefined,
      sharedTokenFile: "/home/somebody/.config/baa-conductor/shared-token.txt",
      makesSharedToken: true,
      tokensFile: "/home/somebody/.config/baa-conductor/tokens.json",
      codexd: { baseUrl: "http://127.0.0.1:4319", eventStreamPath: "/v1/codexd/events" },
      stateDir: `${process.cwd()}/state/conductor`,
    });
    expect(config.codexd.tokenFile).toBe(`${process.cwd()}/state/codexd/token`);
  });

  it("another address is served beside loopback at the same port", () => {
    const config = readConfig({}, { HOME, BAA_CONDUCTOR_LOCAL_API: "http://100.71.210.78:4317" });
    expect(config.listen).toEqual([
      { host: "127.0.0.1", port: 4317 },
      { host: "100.71.210.78", port: 4317 },
    ]);
  });

  it("options beat the environment", () => {
    const env = { HOME, BAA_NODE_ID: "n1", BAA_CONDUCTOR_ROLE: "standby" };
    expect(readConfig({ host: "mini", role: "primary" }, env)).toMatchObject({ node: "mini", role: "primary" });
    expect(readConfig({}, env)).toMatchObject({ node: "n1", role: "standby" });
  });

  it("moving codexd moves its client, and hosts are split", () => {
    const config = readConfig(
      {},
      {
        HOME,
        BAA_CODEXD_LOCAL_API_BASE: "http://127.0.0.1:5000/",
        BAA_CODEXD_EVENT_STREAM_PATH: "/events",
        BAA_CODEXD_STATE_DIR: "/srv/codexd",
        BAA_CONDUCTOR_LOCAL_API_ALLOWED_HOSTS: " 100.71.210.78, mini.local ,",
      },
    );
    expect(config.codexd).toEqual({
      baseUrl: "http://127.0.0.1:5000",
      eventStreamPath: "/events",
      tokenFile: "/srv/codexd/token",
    });
    expect(config.allowedHosts).toEqual(["100.71.210.78", "mini.local"]);
  });

  it.each([
    ["BAA_CONDUCTOR_LOCAL_API", "http://mini.local:4317"],
    ["BAA_CONDUCTOR_LOCAL_API", "https://127.0.0.1:4317"],
    ["BAA_CONDUCTOR_LOCAL_API", "http://user:word@127.0.0.1:4317"],
    ["BAA_CONDUCTOR_LOCAL_API", "http://127.0.0.1:4317/path"],
    ["BAA_CODEXD_LOCAL_API_BASE", "http://100.71.210.78:4319"],
    ["BAA_CODEXD_LOCAL_API_BASE", "http://127.evil.com:4319"],
    ["BAA_CONDUCTOR_ROLE", "leader"],
  ])("%s=%s is refused by name", (name, value) => {
    expect(() => readConfig({}, { HOME, [name]: value })).toThrow(name);
  });

  it("a role that does not exist is refused by name", () => {
    expect(() => readConfig({ role: "boss" }, { HOME })).toThrow("--role");
  });
});

describe("the command line", () => {
  it.each([
    [["--host", "mini", "--role", "primary"], { kind: "serve", options: { host: "mini", role: "primary" } }],
    [["--role=standby"], { kind: "serve", options: { role: "standby" } }],
    [[], { kind: "serve", options: {} }],
    [["--help"], { kind: "help" }],
    [["-h"], { kind: "help" }],
    [["--version"], { kind: "version" }],
  ])("%j", (args, command) => {
    expect(parseCommand(args)).toEqual(command);
  });

  it.each([[["--port", "1"]], [["start"]], [["--host", ""]], [["--host"]]])("%j is wrong", (args) => {
    expect(parseCommand(args).kind).toBe("wrong");
  });
});
