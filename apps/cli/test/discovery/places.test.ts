import { describe, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { findPlaces, findStatusApi, type PlaceFlags, type PlaceInputs } from "../../src/discovery/places.ts";
import type { RuntimeFile } from "../../src/discovery/runtime-file.ts";

const RUNTIME: RuntimeFile = {
  format: 1,
  addresses: {
    conductor: "http://100.71.210.78:4317",
    codexd: "http://127.0.0.1:4319",
    statusApi: "http://100.71.210.78:4318",
  },
  directories: { repo: "/srv/baa", state: "/srv/baa/state", logs: "/srv/baa/logs" },
  tokenFiles: { shared: "/home/op/.config/baa-conductor/shared-token.txt", codexd: "/srv/baa/state/codexd/token" },
};

const inputs = (
  env: Record<string, string> = {},
  o: { flags?: PlaceFlags; runtime?: RuntimeFile; own?: readonly string[] } = {},
): PlaceInputs => ({
  flags: o.flags ?? {},
  config: readConfig({ HOME: "/home/op", ...env }),
  runtime: o.runtime,
  ownAddresses: new Set(o.own ?? ["127.0.0.1"]),
});

const tried = (found: PlaceInputs): string[] =>
  findPlaces(found).map(({ kinds, baseUrl, origin }) => `${kinds.join("|")} ${baseUrl} ${origin}`);
const files = (found: PlaceInputs): unknown => findPlaces(found)[0]?.tokenFiles;

describe("addresses", () => {
  test("nothing says where: the defaults, conductor first", () => {
    expect(tried(inputs())).toEqual([
      "conductor http://127.0.0.1:4317 default",
      "codexd http://127.0.0.1:4319 default",
    ]);
  });

  test("runtime.json: conductor on loopback at its port before its own address", () => {
    expect(tried(inputs({}, { runtime: RUNTIME }))).toEqual([
      "conductor http://127.0.0.1:4317 runtime.json",
      "conductor http://100.71.210.78:4317 runtime.json",
      "codexd http://127.0.0.1:4319 runtime.json",
    ]);
  });

  test("the environment beats runtime.json, each address by itself", () => {
    expect(tried(inputs({ BAA_CONDUCTOR_LOCAL_API: "http://10.0.0.5:5000/" }, { runtime: RUNTIME }))).toEqual([
      "conductor http://10.0.0.5:5000 environment",
      "codexd http://127.0.0.1:4319 runtime.json",
    ]);
  });

  test("an address of the environment that is this machine's own is asked on loopback first", () => {
    const env = { BAA_CONDUCTOR_LOCAL_API: "http://10.0.0.5:5000", BAA_CODEXD_LOCAL_API_BASE: "http://127.0.0.1:5001" };
    expect(tried(inputs(env, { own: ["127.0.0.1", "10.0.0.5"] }))).toEqual([
      "conductor http://127.0.0.1:5000 environment",
      "conductor http://10.0.0.5:5000 environment",
      "codexd http://127.0.0.1:5001 environment",
    ]);
  });

  test("--api is the only place, and may be either", () => {
    const flags = { api: "http://localhost:9/" };
    expect(tried(inputs({ BAA_CONDUCTOR_LOCAL_API: "http://10.0.0.5:5000" }, { flags }))).toEqual([
      "conductor|codexd http://localhost:9 --api",
    ]);
  });

  test("--api to a stranger: our token is not sent there unless its file is named", () => {
    const api = "http://198.51.100.7:4317";
    expect(() => findPlaces(inputs({}, { flags: { api } }))).toThrow("the token of this one is not sent there");
    expect(tried(inputs({}, { flags: { api, tokenFile: "theirs.txt" } }))).toHaveLength(1);
    expect(tried(inputs({ BAA_SHARED_TOKEN_FILE: "/t" }, { flags: { api } }))).toHaveLength(1);
    expect(tried(inputs({ BAA_CONDUCTOR_LOCAL_API: api }, { flags: { api } }))).toHaveLength(1);
    expect(tried(inputs({}, { flags: { api: "http://100.71.210.78:4317" }, runtime: RUNTIME }))).toHaveLength(1);
  });

  test("status-api: the environment, runtime.json, the default", () => {
    expect(findStatusApi(inputs())).toBe("http://127.0.0.1:4318");
    expect(findStatusApi(inputs({}, { runtime: RUNTIME }))).toBe("http://100.71.210.78:4318");
    expect(findStatusApi(inputs({ BAA_STATUS_API_HOST: "::1", BAA_STATUS_API_PORT: "99" }))).toBe("http://[::1]:99");
  });
});

describe("token files", () => {
  test("the defaults", () => {
    expect(files(inputs())).toEqual({
      conductor: { file: "/home/op/.config/baa-conductor/shared-token.txt", origin: "default" },
      codexd: { file: expect.stringMatching(/\/state\/codexd\/token$/), origin: "default" },
    });
  });

  test("runtime.json, and the environment before it", () => {
    expect(files(inputs({}, { runtime: RUNTIME }))).toEqual({
      conductor: { file: "/home/op/.config/baa-conductor/shared-token.txt", origin: "runtime.json" },
      codexd: { file: "/srv/baa/state/codexd/token", origin: "runtime.json" },
    });
    expect(files(inputs({ BAA_SHARED_TOKEN_FILE: "/a", BAA_STATE_DIR: "/s" }, { runtime: RUNTIME }))).toEqual({
      conductor: { file: "/a", origin: "environment" },
      codexd: { file: "/s/codexd/token", origin: "environment" },
    });
    expect(files(inputs({ BAA_CODEXD_STATE_DIR: "/c", BAA_STATE_DIR: "/s" }))).toMatchObject({
      codexd: { file: "/c/token", origin: "environment" },
    });
  });

  test("--token-file is for whichever answers", () => {
    const given = { file: "/given", origin: "--token-file" };
    const flags = { tokenFile: "/given" };
    expect(files(inputs({ BAA_SHARED_TOKEN_FILE: "/a" }, { flags }))).toEqual({ conductor: given, codexd: given });
  });
});

test("an address with credentials in it is refused by name, and not shown", () => {
  const read = (): unknown => readConfig({ BAA_CONDUCTOR_LOCAL_API: "http://me:hush@127.0.0.1:1" });
  expect(read).toThrow("BAA_CONDUCTOR_LOCAL_API: must be http:// or https://");
  expect(read).not.toThrow("hush");
});
