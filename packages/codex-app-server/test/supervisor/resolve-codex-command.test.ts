import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { resolveCodexCommand } from "../../src/supervisor/resolve-codex-command.ts";

const TRIPLES: Record<string, string> = {
  "linux-x64": "x86_64-unknown-linux-musl",
  "linux-arm64": "aarch64-unknown-linux-musl",
  "darwin-x64": "x86_64-apple-darwin",
  "darwin-arm64": "aarch64-apple-darwin",
};
const TRIPLE = TRIPLES[`${process.platform}-${process.arch}`] ?? "none";

let root: string;
beforeEach(() => {
  root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "resolve-codex-")));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

function file(name: string, text: string, mode = 0o755): string {
  const full = path.join(root, name);
  fs.mkdirSync(path.dirname(full), { recursive: true });
  fs.writeFileSync(full, text, { mode });
  return full;
}

/** An installed npm package of codex: the wrapper, and the platform package beside it. */
function install(o: { native: boolean }): { wrapper: string; native: string } {
  file("node_modules/@openai/codex/package.json", '{"name":"@openai/codex","type":"module"}', 0o644);
  const wrapper = file("node_modules/@openai/codex/bin/codex.js", "#!/usr/bin/env node\n");
  const platform = `node_modules/@openai/codex-${process.platform}-${process.arch}`;
  file(`${platform}/package.json`, '{"name":"@openai/codex"}', 0o644);
  const native = path.join(root, platform, "vendor", TRIPLE, "bin", "codex");
  if (o.native) file(path.relative(root, native), "\u007fELF");
  return { wrapper, native };
}

test("npm's link to the wrapper leads to the native binary, by path and by name", () => {
  const { native } = install({ native: true });
  fs.mkdirSync(path.join(root, "bin"));
  fs.symlinkSync("../node_modules/@openai/codex/bin/codex.js", path.join(root, "bin", "codex"));
  const found = { command: native, args: [], native: true };
  expect(resolveCodexCommand(path.join(root, "bin", "codex"), {})).toEqual(found);
  expect(resolveCodexCommand("codex", { PATH: `/nowhere::${path.join(root, "bin")}` })).toEqual(found);
});

test("pnpm's shell shim leads to the native binary", () => {
  const { native } = install({ native: true });
  const shim = '#!/bin/sh\nbasedir=$(dirname "$0")\nexec node "$basedir/../@openai/codex/bin/codex.js" "$@"\n';
  const command = file("node_modules/.bin/codex", shim);
  expect(resolveCodexCommand(command, {})).toEqual({ command: native, args: [], native: true });
});

test("a wrapper without its binary is spawned as given", () => {
  const { wrapper } = install({ native: false });
  expect(resolveCodexCommand(wrapper, {})).toEqual({ command: wrapper, args: [], native: false });
});

test.each([
  ["another program", "codex", "#!/bin/sh\nexec sleep 1\n"],
  ["a binary", "codex", "\u007fELF"],
  ["a codex.js of another package", "codex.js", "#!/usr/bin/env node\n"],
])("%s is spawned as given", (_name, name, text) => {
  const command = file(`bin/${name}`, text);
  file("package.json", '{"name":"other"}', 0o644);
  expect(resolveCodexCommand(command, {})).toEqual({ command, args: [], native: false });
});

test("a command that does not exist is left to fail where it is started", () => {
  expect(resolveCodexCommand("no-such-codex", { PATH: root })).toEqual({
    command: "no-such-codex",
    args: [],
    native: false,
  });
  expect(resolveCodexCommand("/no/such/codex", {})).toEqual({ command: "/no/such/codex", args: [], native: false });
});
