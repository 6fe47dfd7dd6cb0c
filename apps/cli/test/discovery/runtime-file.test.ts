import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readRuntimeFile } from "../../src/discovery/runtime-file.ts";
import { startHint } from "../../src/discovery/start-hint.ts";
import { tokenReader } from "../../src/discovery/token.ts";

let dir = "";
beforeEach(() => (dir = fs.mkdtempSync(path.join(os.tmpdir(), "baa-cli-"))));
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

const SETTINGS = {
  node: "mini",
  localApiBase: "http://100.71.210.78:4317",
  codexdLocalApiBase: "http://127.0.0.1:4319",
  statusApiHost: "100.71.210.78",
  statusApiPort: "4318",
  repoDir: "/srv/baa",
  tokenFile: "/t",
  scope: "agent",
};

// The installer is plain JavaScript, without types.
const installer = new URL("../../../../scripts/runtime/lib/runtime-file.mjs", import.meta.url).href;

test("what the installer writes is understood", async () => {
  const { runtimeDocument } = (await import(installer)) as {
    runtimeDocument: (settings: object, installDir: string) => unknown;
  };
  expect(readRuntimeFile(dir)).toBeUndefined();
  fs.writeFileSync(path.join(dir, "runtime.json"), JSON.stringify(runtimeDocument(SETTINGS, "/agents")));
  const file = readRuntimeFile(dir);
  expect(file).toMatchObject({
    addresses: { conductor: "http://100.71.210.78:4317", statusApi: "http://100.71.210.78:4318" },
    tokenFiles: { shared: "/t", codexd: "/srv/baa/state/codexd/token" },
  });
  expect(startHint(file, { platform: "darwin" })).toContain("/srv/baa/scripts/runtime/start-launchd.sh");
  expect(startHint(file, { platform: "linux" })).toContain("apps/codexd/dist/index.js start");
});

test.each([
  ["no JSON", "{"],
  ["a later format", '{"format": 2, "addresses": {}, "directories": {}, "tokenFiles": {}}'],
  [
    "an address that is none",
    '{"format": 1, "addresses": {"conductor": "mini:4317"}, "directories": {}, "tokenFiles": {}}',
  ],
])("%s: refused with the file and what to do", (_what, text) => {
  fs.writeFileSync(path.join(dir, "runtime.json"), text);
  expect(() => readRuntimeFile(dir)).toThrow(path.join(dir, "runtime.json"));
  expect(() => readRuntimeFile(dir)).toThrow("install-launchd.sh, or remove it");
});

test("a token file is read each time; one that is missing or open to others is named, and nothing of it shown", () => {
  const file = path.join(dir, "token");
  const read = tokenReader({ file, origin: "environment" });
  expect(read).toThrow(`the token file ${file} (environment) does not exist`);
  fs.writeFileSync(file, "first-value\n", { mode: 0o600 });
  expect(read()).toBe("first-value");
  fs.writeFileSync(file, "second-value\n");
  expect(read()).toBe("second-value");
  fs.chmodSync(file, 0o644);
  expect(read).toThrow("its mode is 0644, not 0600");
  expect(read).not.toThrow("second-value");
});
