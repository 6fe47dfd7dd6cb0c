#!/usr/bin/env node
// Writes src/generated/ from the pinned Codex: `codex app-server generate-ts --experimental`.
//
//   node scripts/generate-protocol.mjs           write the files
//   node scripts/generate-protocol.mjs --check   compare with a fresh run; 1 and the names when they differ
//   ... [--check] DIR                            the same for another directory than src/generated
//
// Changes to what Codex writes: import paths get their `.ts` (nodenext wants it), each file names the
// Codex version it came from, and the two barrels are left out (we import files by name).
// Exit codes: 0 done or equal, 1 differs or failed, 64 usage.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const packageDir = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const TRIPLES = {
  "linux-x64": "x86_64-unknown-linux-musl",
  "linux-arm64": "aarch64-unknown-linux-musl",
  "darwin-x64": "x86_64-apple-darwin",
  "darwin-arm64": "aarch64-apple-darwin",
};

/** The native binary of the `@openai/codex` that the repository root pins, and its version. */
function findCodex() {
  const platform = `${process.platform}-${process.arch}`;
  const triple = TRIPLES[platform];
  if (triple === undefined) throw new Error(`no Codex binary for ${platform}`);
  const root = createRequire(path.join(packageDir, "..", "..", "package.json"));
  const wrapper = fs.realpathSync(root.resolve("@openai/codex/package.json"));
  const platformPackage = createRequire(wrapper).resolve(`@openai/codex-${platform}/package.json`);
  return {
    binary: path.join(path.dirname(platformPackage), "vendor", triple, "bin", "codex"),
    version: JSON.parse(fs.readFileSync(wrapper, "utf8")).version,
  };
}

/** Every file below `dir`, as sorted paths relative to it. */
function listFiles(dir) {
  if (!fs.existsSync(dir)) return [];
  return fs
    .readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** One generated file in our form: a first line with the version, and imports that carry `.ts`. */
function rewrite(text, version) {
  const body = text.replace(/^(import type .* from ")(\.[^"]+)(";)$/gm, "$1$2.ts$3");
  return `// From \`codex app-server generate-ts --experimental\`, Codex ${version}. Rewritten by pnpm protocol:generate.\n${body}`;
}

/** What src/generated should hold now: relative path -> text. */
function generate() {
  const { binary, version } = findCodex();
  const temp = fs.mkdtempSync(path.join(os.tmpdir(), "codex-protocol-"));
  try {
    execFileSync(binary, ["app-server", "generate-ts", "--experimental", "--out", temp], { stdio: "inherit" });
    const files = new Map();
    for (const file of listFiles(temp)) {
      if (path.basename(file) === "index.ts") continue;
      files.set(file, rewrite(fs.readFileSync(path.join(temp, file), "utf8"), version));
    }
    if (files.size < 100) throw new Error(`only ${files.size} files were generated`);
    files.set("codex-version.ts", versionFile(version));
    return files;
  } finally {
    fs.rmSync(temp, { recursive: true, force: true });
  }
}

function versionFile(version) {
  return `/** The Codex version that the types beside this file were generated from. */\nexport const GENERATED_FROM_CODEX = "${version}";\n`;
}

/** Names of files that are missing, superfluous or different. */
function differences(wanted, outDir) {
  const found = new Set(listFiles(outDir));
  const names = [];
  for (const [file, text] of wanted) {
    if (!found.delete(file)) names.push(`missing: ${file}`);
    else if (fs.readFileSync(path.join(outDir, file), "utf8") !== text) names.push(`differs: ${file}`);
  }
  for (const file of found) names.push(`superfluous: ${file}`);
  return names;
}

function write(wanted, outDir) {
  fs.rmSync(outDir, { recursive: true, force: true });
  for (const [file, text] of wanted) {
    fs.mkdirSync(path.dirname(path.join(outDir, file)), { recursive: true });
    fs.writeFileSync(path.join(outDir, file), text);
  }
  console.log(`wrote ${wanted.size} files to ${path.relative(process.cwd(), outDir)}`);
}

function check(wanted, outDir) {
  const names = differences(wanted, outDir);
  if (names.length === 0) {
    console.log(`${wanted.size} generated files are up to date`);
    return;
  }
  for (const name of names.slice(0, 50)) console.error(name);
  if (names.length > 50) console.error(`and ${names.length - 50} more`);
  console.error("run: pnpm protocol:generate");
  process.exitCode = 1;
}

const args = process.argv.slice(2);
const checks = args[0] === "--check";
const [outDir = path.join(packageDir, "src", "generated"), ...surplus] = checks ? args.slice(1) : args;
if (surplus.length > 0 || outDir.startsWith("-")) {
  console.error("usage: generate-protocol.mjs [--check] [DIR]");
  process.exitCode = 64;
} else if (checks) {
  check(generate(), outDir);
} else {
  write(generate(), outDir);
}
