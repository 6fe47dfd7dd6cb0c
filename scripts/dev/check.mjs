// All gates in one command: `pnpm check`. One line per gate with its time; the output of failing ones; exit 1.
// A gate whose tool is missing says `lane not run: ...` and fails only with BAA_TEST_REQUIRE=all.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { committedFiles, root } from "./committed-files.mjs";
import { run, seconds } from "./run.mjs";

const bin = (name) => path.join(root, "node_modules/.bin", name);

const isShell = (file) => /^#!.*\b(bash|sh)\b/.test(fs.readFileSync(path.join(root, file), "utf8").slice(0, 64));

/** Every shell script of ours: by its ending, or by its first line when it has none. */
const shellFiles = () =>
  committedFiles().filter((file) => /\.(sh|bash)$/.test(file) || (path.extname(file) === "" && isShell(file)));

/** How our own gates say that a tool of theirs is missing. */
const TOOL_MISSING = 69;

/**
 * Each gate: what it is called and the command that must pass; `optional` = the tool does not come from npm;
 * `needs` = that tool, when it is not the command itself.
 */
const gates = () => [
  { name: "types", command: [bin("tsc"), "-b"] },
  { name: "lint and directions", command: [bin("oxlint"), "--type-aware", "--deny-warnings"] },
  { name: "formatting", command: [bin("oxfmt"), "--check"] },
  { name: "dead code", command: [bin("knip"), "--no-progress", "--no-config-hints"] },
  { name: "shell lint", optional: true, command: ["shellcheck", "-x", ...shellFiles()] },
  { name: "shell formatting", optional: true, command: ["shfmt", "-i", "2", "-ci", "-d", ...shellFiles()] },
  {
    name: "shell for bash 3.2 and BSD tools",
    optional: true,
    needs: "shfmt",
    command: [process.execPath, "scripts/lint/shell-lint.mjs", ...shellFiles()],
  },
  {
    name: "generated protocol types",
    command: [process.execPath, "packages/codex-app-server/scripts/generate-protocol.mjs", "--check"],
  },
  { name: "generated docs", command: [bin("tsx"), "scripts/dev/generate-docs.ts", "--check"] },
  { name: "links in the docs", command: [process.execPath, "scripts/dev/check-links.mjs"] },
  { name: "the extension, by Mozilla's linter", command: [process.execPath, "scripts/dev/lint-extension.mjs"] },
  { name: "nothing of this machine", command: [process.execPath, "scripts/dev/check-committed.mjs"] },
];

const isRequired = () => process.env.BAA_TEST_REQUIRE === "all";

/** Runs one gate, prints its line, and says how it ended. */
const runGate = async ({ name, optional, needs, command: [command, ...args] }) => {
  const result = await run(command, args, { cwd: root, env: { ...process.env, NO_COLOR: "1" } });
  if (optional && (result.missing || (needs && result.code === TOOL_MISSING))) {
    console.log(`lane not run: ${name}: ${needs ?? command} is not installed`);
    return isRequired() ? "failed" : "skipped";
  }
  const passed = result.code === 0;
  console.log(`${passed ? "ok    " : "FAILED"} ${name} (${seconds(result.durationMs)})`);
  if (!passed) console.log(result.output.replaceAll(/^/gm, "    "));
  return passed ? "passed" : "failed";
};

/** Most of them use one core. */
const AT_ONCE = 2;

/** Runs every gate, prints as they end, and returns how many passed, failed and were not run. */
export const runGates = async () => {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const left = gates();
  const work = async () => {
    for (let gate = left.shift(); gate !== undefined; gate = left.shift()) sum[await runGate(gate)] += 1;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return sum;
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { failed } = await runGates();
  process.exitCode = failed === 0 ? 0 : 1;
}
