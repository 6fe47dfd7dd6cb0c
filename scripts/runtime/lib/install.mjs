// The writing part of install-launchd.sh: entries are there, plists rendered, runtime.json written. Arguments are the
// renderer's. Everything that can be wrong is found before anything is written.
import fs from "node:fs";
import path from "node:path";
import { parseCall } from "../../../ops/launchd/lib/options.mjs";
import { describe, exitCodeOf, renderServices } from "../../../ops/launchd/lib/run-render.mjs";
import { writeRuntimeFile } from "./runtime-file.mjs";

const RUNTIME_DIRS = "state runs worktrees logs logs/launchd tmp".split(" ");

/** An error with the exit code that the script is to end with. */
const refuse = (code, message) => Object.assign(new Error(message), { exitCode: code });

const isDirectory = (dir) => fs.statSync(dir, { throwIfNoEntry: false })?.isDirectory() === true;

const assertReady = (services, settings) => {
  for (const name of RUNTIME_DIRS) {
    const dir = path.join(settings.repoDir, name);
    if (!isDirectory(dir)) throw refuse(69, `there is no ${dir}; run scripts/runtime/bootstrap.sh first`);
  }
  for (const { id, entry } of services) {
    const file = path.join(settings.codeDir, entry);
    if (!fs.existsSync(file)) throw refuse(69, `${id} is not built: there is no ${file}; run npx --yes pnpm -r build`);
  }
};

const closeCodexdDirs = (settings) => {
  for (const name of ["state/codexd", "logs/codexd"]) {
    const dir = path.join(settings.repoDir, name);
    fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
    fs.chmodSync(dir, 0o700);
  }
};

const main = (argv) => {
  const call = parseCall(argv);
  const isDry = call.values["dry-run"];
  const plan = renderServices({ ...call, values: { ...call.values, "dry-run": true } }, process.env.PATH ?? "");
  assertReady(plan.services, plan.settings);
  const done = isDry ? plan : renderServices(call, process.env.PATH ?? "");
  if (!isDry) closeCodexdDirs(plan.settings);
  const runtimeFile = writeRuntimeFile(plan.settings, plan.installDir, { isDry });
  report(call.values, { ...done, runtimeFile });
};

const report = (values, { results, runtimeFile }) => {
  const dryRun = values["dry-run"];
  if (values.json)
    return console.log(JSON.stringify({ ok: true, dryRun, services: results, runtimeFile }, undefined, 2));
  for (const result of results) console.log(describe(result, values));
  const verdict = runtimeFile.changed ? (dryRun ? "would be written" : "written") : "unchanged";
  console.log(`runtime.json: ${verdict}: ${runtimeFile.path}`);
  const changed = results.filter((result) => (dryRun ? result.state !== "same" : result.changed));
  if (changed.length === 0) return console.log("nothing changed");
  if (!dryRun)
    console.log(`launchd reads these when it loads the services: ${changed.map(({ service }) => service).join(", ")}`);
};

try {
  main(process.argv.slice(2));
} catch (error) {
  console.error(`install-launchd: ${error.message}`);
  process.exitCode = error.exitCode ?? exitCodeOf(error);
}
