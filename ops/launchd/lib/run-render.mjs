// One call of the renderer: settings from the call, each chosen service rendered, compared, and written if asked.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { diffLines, diffTrees } from "./diff.mjs";
import { parseCall, USAGE } from "./options.mjs";
import { inspectPlist, replacePlist } from "./plist-file.mjs";
import { chooseNode, findProgram, nodeFault } from "./programs.mjs";
import { chooseServices, LAUNCHD_DIR, readServices, UsageError } from "./services.mjs";
import { makeSettings } from "./settings.mjs";
import { renderTree } from "./template.mjs";

/** Node and PATH that an installed plist names, when that node still will do. */
const installedPrograms = (services, installDir) => {
  for (const { label } of services) {
    const { tree } = inspectPlist(path.join(installDir, `${label}.plist`));
    const nodePath = tree?.get("ProgramArguments")?.[0];
    const jobPath = tree?.get("EnvironmentVariables")?.get("PATH");
    if (typeof nodePath === "string" && typeof jobPath === "string" && nodeFault(nodePath) === undefined)
      return { nodePath, jobPath };
  }
  return {};
};

const settingsOf = (given, searchPath) =>
  makeSettings({
    repoDir: path.resolve(LAUNCHD_DIR, "../.."),
    homeDir: os.homedir(),
    username: given.scope === "daemon" ? os.userInfo().username : undefined,
    ...given,
    nodePath: chooseNode(given.nodePath, searchPath),
    codexPath: findProgram(given.codexdServerCommand ?? "codex", searchPath),
  });

const installDirOf = (given) => {
  if (given.installDir !== undefined) return path.resolve(given.installDir);
  const home = given.homeDir ?? os.homedir();
  return given.scope === "daemon" ? "/Library/LaunchDaemons" : path.join(home, "Library/LaunchAgents");
};

const commentFor = (service) =>
  `Rendered by ops/launchd/render.mjs from ops/launchd/${service.label}.plist.\nThe next installation replaces this file: change the options of the installation, not this copy.`;

/** What is installed against what should be: `same`, `drift`, `missing` or `invalid`, with the differences. */
const compare = (file, tree) => {
  const found = inspectPlist(file);
  if (found.state !== "present")
    return { state: found.state, ...(found.why && { why: found.why }), faults: [], diff: diffTrees(undefined, tree) };
  const isSame = isDeepStrictEqual(sorted(found.tree), sorted(tree));
  const state = isSame && found.faults.length === 0 ? "same" : "drift";
  return { state, isSame, isOurs: found.isOurs, faults: found.faults, diff: diffTrees(found.tree, tree) };
};

/** The order of keys means nothing to launchd. */
const sorted = (value) =>
  value instanceof Map
    ? new Map([...value].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]))
    : value;

const renderOne = (service, { values, settings, installDir, formerDir }) => {
  const file = path.join(installDir, `${service.label}.plist`);
  const tree = renderTree(service, settings);
  const { isSame, isOurs, ...found } = compare(file, tree);
  const result = { service: service.id, label: service.label, plist: file, changed: false, ...found };
  if (values.check || values["dry-run"] || found.state === "same") return result;
  if (isOurs === false) throw Object.assign(new Error(`${file}: ${found.faults.join("; ")}`), { code: "EPERM" });
  if (isSame) fs.chmodSync(file, 0o644);
  else replacePlist(file, tree, { comment: commentFor(service), formerDir });
  return { ...result, changed: true };
};

/** One service's result as lines for people. */
export const describe = ({ service, plist, state, changed, why, faults, diff }, { check }) => {
  const verdict = state === "same" ? "unchanged" : changed ? "written" : check ? state : "would be written";
  return [
    `${service}: ${verdict}: ${plist}`,
    ...(why === undefined ? [] : [`  ${why}`]),
    ...faults.map((fault) => `  ${fault}`),
    ...diff.flatMap(diffLines).map((line) => `  ${line}`),
  ].join("\n");
};

/**
 * Renders, checks or compares what a parsed call asks for: `{ok, services, settings, installDir, results}`. Throws
 * UsageError, and errors of the file system with their code.
 */
export const renderServices = ({ values, given }, searchPath) => {
  const services = chooseServices(readServices(), { named: values.service, all: values["all-services"] });
  const installDir = installDirOf(given);
  const kept = values["keep-programs"] ? installedPrograms(services, installDir) : {};
  const settings = settingsOf({ ...kept, ...given }, searchPath);
  const formerDir = given.formerDir ?? path.join(settings.homeDir, ".config/baa-conductor/launchd");
  const results = services.map((service) => renderOne(service, { values, settings, installDir, formerDir }));
  const ok = !values.check || results.every(({ state }) => state === "same");
  return { ok, services, settings, installDir, results };
};

const CANNOT_WRITE = new Set(["EACCES", "EPERM", "EROFS", "ENOSPC", "ENOTDIR", "EISDIR"]);

/** What a program ends with after this error. */
export const exitCodeOf = (error) => (error instanceof UsageError ? 64 : CANNOT_WRITE.has(error.code) ? 73 : 1);

/** Runs a whole call; returns `{code, stdout, stderr}` and never throws. `searchPath` is the caller's PATH. */
export const runRender = (argv, searchPath) => {
  try {
    const call = parseCall(argv);
    if (call.values.help) return { code: 0, stdout: USAGE, stderr: "" };
    const { ok, results } = renderServices(call, searchPath);
    const stdout = call.values.json
      ? JSON.stringify({ ok, services: results }, undefined, 2)
      : results.map((result) => describe(result, call.values)).join("\n");
    return { code: ok ? 0 : 1, stdout: `${stdout}\n`, stderr: "" };
  } catch (error) {
    return { code: exitCodeOf(error), stdout: "", stderr: `render: ${error.message}\n` };
  }
};
