// Plants one violation per gate in a copy of the tree and sees the gate go red: a gate that silently checks
// nothing (a moved config, a tool that skips what it cannot read) would otherwise stay green for ever.
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
let copy = "";

const git = (cwd, ...args) => execFileSync("git", args, { cwd, encoding: "utf8" });

beforeAll(() => {
  copy = fs.mkdtempSync(path.join(os.tmpdir(), "gates-"));
  const files = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0").filter(Boolean);
  for (const file of files.filter((name) => fs.existsSync(path.join(root, name)))) {
    copyOver(file);
  }
  // What tsc has found already, so that it looks at what is planted only.
  for (const found of [".cache/tests.tsbuildinfo", ".cache/types-tests", ...typesOf("apps"), ...typesOf("packages")]) {
    if (fs.existsSync(path.join(root, found))) copyOver(found);
  }
  link("");
  for (const group of ["apps", "packages"]) {
    for (const name of fs.readdirSync(path.join(root, group))) link(path.join(group, name));
  }
  git(copy, "init", "--quiet");
}, 60_000);

afterAll(() => fs.rmSync(copy, { recursive: true, force: true }));

const copyOver = (name) =>
  fs.cpSync(path.join(root, name), path.join(copy, name), { recursive: true, preserveTimestamps: true });

const typesOf = (group) =>
  fs
    .readdirSync(path.join(root, group))
    .flatMap((name) => ["types", "tsconfig.tsbuildinfo"].map((part) => path.join(group, name, "dist", part)));

const link = (dir) => {
  const target = path.join(root, dir, "node_modules");
  const parent = path.join(copy, dir);
  if (fs.existsSync(target) && fs.existsSync(parent)) fs.symlinkSync(target, path.join(parent, "node_modules"));
};

/** Writes files into the copy, runs the gate's command there, and takes the files away again. */
const runWith = (files, command, args, env = {}) => {
  for (const [file, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    fs.writeFileSync(path.join(copy, file), text);
  }
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: copy,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  for (const file of Object.keys(files)) fs.rmSync(path.join(copy, file));
  return { status, output: `${stdout}${stderr}`, isMissing: error?.code === "ENOENT" };
};

const bin = (name) => path.join(root, "node_modules/.bin", name);

const committed = (files) =>
  runWith(files, process.execPath, ["scripts/dev/check-committed.mjs"], {
    npm_config_registry: "https://registry.planted.example/npm/",
  });

/** Lint: what is broken -> the rule that says so, and a file for it. All are planted at once and linted once. */
const LINT = [
  {
    what: "a package of ours in storage",
    rule: "no-restricted-imports",
    files: { "packages/storage/src/planted.ts": 'export { PROBLEMS } from "@baa/contracts";\n' },
  },
  {
    what: "a relative path into another package",
    rule: "no-restricted-imports",
    files: { "packages/client/src/planted.ts": 'export { x } from "../../storage/src/index.ts";\n' },
  },
  {
    what: "client in http",
    rule: "no-restricted-imports",
    files: { "packages/http/src/planted.ts": 'export { createClient } from "@baa/client";\n' },
  },
  {
    what: "test-kit in a src",
    rule: "no-restricted-imports",
    files: { "apps/codexd/src/planted.ts": 'export { startCodexd } from "@baa/test-kit";\n' },
  },
  {
    what: "the http layer in a service",
    rule: "no-restricted-imports",
    files: { "apps/codexd/src/turns/planted.ts": 'export { x } from "../http/routes.ts";\n' },
  },
  {
    what: "a Node module in a machine",
    rule: "no-restricted-imports",
    files: {
      "apps/codexd/src/turns/planted-fs-machine.ts":
        'import fs from "node:fs";\nexport const read = fs.readFileSync;\n',
    },
  },
  {
    what: "the clock in a machine",
    rule: "no-restricted-globals",
    files: { "apps/codexd/src/turns/planted-now-machine.ts": "export const now = () => Date.now();\n" },
  },
  {
    what: "an import cycle",
    rule: "no-cycle",
    files: {
      "packages/process/src/planted-a.ts": 'import { b } from "./planted-b.ts";\nexport const a = () => b;\n',
      "packages/process/src/planted-b.ts": 'import { a } from "./planted-a.ts";\nexport const b = () => a;\n',
    },
  },
  {
    what: "a floating promise",
    rule: "no-floating-promises",
    files: { "packages/process/src/planted-float.ts": "export const go = async () => 1;\ngo();\n" },
  },
  {
    what: "a promise where none is awaited",
    rule: "no-misused-promises",
    files: {
      "packages/process/src/planted-misused.ts": "export const go = () => setTimeout(async () => undefined, 1);\n",
    },
  },
  {
    what: "the environment outside config.ts",
    rule: "no-process-env",
    files: { "packages/process/src/planted-env.ts": "export const home = () => process.env.HOME;\n" },
  },
  {
    what: "an exit outside index.ts",
    rule: "no-process-exit",
    files: { "packages/process/src/planted-exit.ts": "export const end = () => process.exit(1);\n" },
  },
  {
    what: "a default export",
    rule: "no-default-export",
    files: { "packages/process/src/planted-default.ts": "const x = 1;\nexport default x;\n" },
  },
  {
    what: "a file of more than 500 lines",
    rule: "max-lines",
    files: { "packages/process/src/planted-lines.ts": `export {};\n${"// a line\n".repeat(501)}` },
  },
  {
    what: "a function of more than 60 lines",
    rule: "max-lines-per-function",
    files: {
      "packages/process/src/planted-long.ts": `export const f = (n: number) => {\n${"  n++;\n".repeat(61)}  return n;\n};\n`,
    },
  },
  {
    what: "a function of complexity 16",
    rule: "complexity",
    files: {
      "packages/process/src/planted-many.ts": `export const f = (n: number) => {\n${"  if (n) n++;\n".repeat(15)}  return n;\n};\n`,
    },
  },
];

/** What a machine may have: types, contracts, another machine. */
const ALLOWED = {
  "apps/codexd/src/turns/planted-allowed-machine.ts":
    'import type { Stats } from "node:fs";\nimport { isTerminalTurnState } from "@baa/contracts";\n' +
    'import { other } from "./planted-other-machine.ts";\nexport const all = (s: Stats) => [s, other, isTerminalTurnState];\n',
  "apps/codexd/src/turns/planted-other-machine.ts": "export const other = 1;\n",
};

describe("lint", () => {
  let lint = { status: null, output: "" };
  beforeAll(() => {
    const files = Object.assign({}, ALLOWED, ...LINT.map(({ files: planted }) => planted));
    lint = runWith(files, bin("oxlint"), ["--type-aware", "-f", "unix"]);
  });

  test.each(LINT)("refuses $what", ({ rule, files }) => {
    const [file] = Object.keys(files);
    const hits = lint.output.split("\n").filter((line) => line.startsWith(`${file}:`) && line.includes(`(${rule})`));
    expect(hits, lint.output).toHaveLength(1);
    expect(lint.status).toBe(1);
  });

  test("lets a machine import types, contracts and another machine", () => {
    for (const file of Object.keys(ALLOWED)) expect(lint.output).not.toContain(file);
  });
});

test("types refuses a wrong type in a source, in a test, and an enum", () => {
  const { status, output } = runWith(
    {
      "packages/process/src/planted.ts": 'export const n: number = "text";\nexport enum Kind { A }\n',
      "packages/process/test/planted.test.ts": 'export const m: number = "text";\n',
    },
    bin("tsc"),
    ["-b"],
  );
  expect(status).not.toBe(0);
  expect(output).toContain("packages/process/src/planted.ts(1,14): error TS2322");
  expect(output).toContain("packages/process/src/planted.ts(2,13): error TS1294");
  expect(output).toContain("packages/process/test/planted.test.ts(1,14): error TS2322");
});

test("formatting refuses single quotes", () => {
  const { status, output } = runWith({ "packages/process/src/planted.ts": "export const a = 'x'\n" }, bin("oxfmt"), [
    "--check",
  ]);
  expect(output).toContain("packages/process/src/planted.ts");
  expect(status).toBe(1);
});

test("dead code refuses a file nobody imports and an export nobody uses", () => {
  const { status, output } = runWith(
    {
      "packages/process/src/planted-dead.ts": "export const dead = 1;\n",
      "packages/process/src/planted-half.ts": "export const used = 1;\nexport const unused = 2;\n",
      "packages/process/test/planted.test.ts": 'import { used } from "../src/planted-half.ts";\nused.toFixed();\n',
    },
    bin("knip"),
    ["--no-progress"],
  );
  expect(output).toContain("packages/process/src/planted-dead.ts");
  expect(output).toMatch(/unused .*planted-half\.ts/);
  expect(status).toBe(1);
});

test.each([
  { command: "shellcheck", args: [] },
  { command: "shfmt", args: ["-i", "2", "-ci", "-d"] },
])("shell: $command refuses an unquoted variable behind a tab", ({ command, args }) => {
  const text = "#!/usr/bin/env bash\nif true; then\n\trm $1\nfi\n";
  const result = runWith({ "scripts/planted.sh": text }, command, [...args, "scripts/planted.sh"]);
  if (result.isMissing) console.log(`lane not run: ${command} is not installed`);
  else expect(result.status, result.output).toBe(1);
});

test("shell for bash 3.2 and BSD tools refuses what a Mac does not have", () => {
  const text = '#!/usr/bin/env bash\nmapfile -t lines <"$1"\nsed -i s/a/b/ "$1"\n';
  const { status, output } = runWith({ "scripts/planted.sh": text }, process.execPath, [
    "scripts/lint/shell-lint.mjs",
    "scripts/planted.sh",
  ]);
  if (status === 69) return console.log("lane not run: shfmt is not installed");
  expect(output).toContain("scripts/planted.sh:2:1: bash 3.2 has no mapfile");
  expect(output).toContain("scripts/planted.sh:3:1: sed -i");
  expect(status).toBe(1);
});

test("nothing of this machine refuses codex exec in the formal runtime, and allows it elsewhere", () => {
  const words = ["codex", "exec"].join(" ");
  const { status, output } = committed({ "ops/planted.md": `${words}\n`, "docs/planted.md": `${words}\n` });
  expect(output).toContain("ops/planted.md:1: codex exec in the formal runtime");
  expect(output).not.toContain("docs/planted.md");
  expect(status).toBe(1);
});

test("generated protocol types refuses a file that was edited", () => {
  const dir = "packages/codex-app-server/src/generated";
  const name = fs.readdirSync(path.join(copy, dir)).find((file) => file.endsWith(".ts"));
  const file = `${dir}/${name}`;
  const text = fs.readFileSync(path.join(copy, file), "utf8");
  const { status, output } = runWith({ [file]: `${text}// edited\n` }, process.execPath, [
    "packages/codex-app-server/scripts/generate-protocol.mjs",
    "--check",
  ]);
  fs.writeFileSync(path.join(copy, file), text);
  expect(output).toContain(name);
  expect(status).toBe(1);
});

test("generated docs refuses a page that was edited", () => {
  const file = "docs/reference/errors.md";
  const text = fs.readFileSync(path.join(copy, file), "utf8");
  const { status, output } = runWith({ [file]: `${text}edited\n` }, bin("tsx"), [
    "scripts/dev/generate-docs.ts",
    "--check",
  ]);
  fs.writeFileSync(path.join(copy, file), text);
  expect(output).toContain(`stale: ${file}`);
  expect(status).toBe(1);
});

test("links refuses one that leads nowhere and a heading that is not there", () => {
  const { status, output } = runWith(
    { "docs/planted.md": "[a](nowhere.md) [b](../SECURITY.md#no-such) [c](../SECURITY.md#reporting) `[d](x)`\n" },
    process.execPath,
    ["scripts/dev/check-links.mjs"],
  );
  expect(output.split("\n").filter((line) => line.startsWith("docs/planted.md"))).toEqual([
    "docs/planted.md: nowhere.md leads nowhere",
    "docs/planted.md: ../SECURITY.md#no-such has no such heading",
  ]);
  expect(status).toBe(1);
});

test("nothing of this machine: its paths, its registry, secret-looking strings, focused and skipped tests", () => {
  const key = ["sk", "proj", "a".repeat(32)].join("-");
  const { status, output } = committed({
    "docs/planted.md": `see ${copy}/tmp and ${key}\nbut /Users/george/code/baa-conductor is the product's default\nfrom registry.planted.example\n`,
    "packages/process/test/planted.test.ts": `${["it", "only"].join(".")}("x", () => undefined);\n`,
  });
  expect(output).toContain("docs/planted.md:1: a path of this machine");
  expect(output).toContain("docs/planted.md:1: an API key");
  expect(output).toContain("docs/planted.md:3: the host of a private registry");
  expect(output).not.toContain("docs/planted.md:2");
  expect(output).toContain("packages/process/test/planted.test.ts:1: a focused or skipped test");
  expect(status).toBe(1);
});
