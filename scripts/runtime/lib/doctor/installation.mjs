// What is installed: the plists against their templates, the programs as the jobs see them, files and their modes.
import fs from "node:fs";
import path from "node:path";
import { diffLines } from "../../../../ops/launchd/lib/diff.mjs";
import { inspectPlist, lintPlist } from "../../../../ops/launchd/lib/plist-file.mjs";
import { findProgram, nodeFault } from "../../../../ops/launchd/lib/programs.mjs";
import { outputOf } from "../output.mjs";
import { fileFault, installedTokenFile } from "../token.mjs";
import { renderAsInstalled } from "./as-installed.mjs";
import { fail, ok, warn } from "./finding.mjs";

const LOG_WARN_BYTES = 64 * 1024 ** 2;
const MIB = 1024 ** 2;
const REINSTALL = "install-launchd.sh with the options of this node, then reload-launchd.sh";

const checkPlist = ({ id, plist }) => {
  const check = `${id}: plist`;
  const found = inspectPlist(plist);
  if (found.state === "missing") return [fail(check, `there is no ${plist}`, "install-launchd.sh")];
  if (found.state === "invalid") return [fail(check, `${plist} is invalid: ${found.why}`, REINSTALL)];
  if (found.faults.length > 0)
    return [fail(check, `${plist}: ${found.faults.join("; ")}`, `chmod 644 ${JSON.stringify(plist)}`)];
  try {
    lintPlist(plist);
    return [ok(check, `${plist}, mode 0644, lints`)];
  } catch (error) {
    return [fail(check, error.message, REINSTALL)];
  }
};

/** A plist that no longer is what its template gives with its own values: edited by hand, or of an older release. */
const checkDrift = (services, about) => {
  const installed = services.filter(({ tree }) => tree !== undefined);
  if (installed.length === 0) return [];
  try {
    return renderAsInstalled(installed, about).map(({ service, diff }) => {
      if (diff.length === 0) return ok(`${service}: drift`, "none: the plist is what its template gives");
      const lines = diff.flatMap(diffLines).join("\n    ");
      return fail(`${service}: drift`, `the plist is not what its template gives now:\n    ${lines}`, REINSTALL);
    });
  } catch (error) {
    return [fail("drift", `cannot be told: ${error.message}`, REINSTALL)];
  }
};

const checkNode = ({ id, tree }) => {
  const [node = "", entry = ""] = tree.get("ProgramArguments") ?? [];
  const fault = fs.existsSync(node) ? nodeFault(node) : `there is no ${node}`;
  return [
    fault === undefined ? ok(`${id}: node`, node) : fail(`${id}: node`, fault, REINSTALL),
    fs.existsSync(entry)
      ? ok(`${id}: entry`, fs.realpathSync(entry))
      : fail(`${id}: entry`, `there is no ${entry}`, "build it: npx --yes pnpm -r build"),
  ];
};

/** As the job looks for it: on its own PATH, with nothing of this shell. */
const checkCodex = async ({ tree }) => {
  const environment = tree.get("EnvironmentVariables") ?? new Map();
  const [command, searchPath] = [environment.get("BAA_CODEXD_SERVER_COMMAND"), environment.get("PATH") ?? ""];
  if (command === undefined) return [];
  const file = findProgram(command, searchPath);
  const next = "npm install -g @openai/codex, or install-launchd.sh --codexd-server-command /path/to/codex";
  if (file === undefined) return [fail("codexd: codex", `${command} is not on the job's PATH (${searchPath})`, next)];
  const said = await outputOf(file, ["--version"], { env: { PATH: searchPath, HOME: environment.get("HOME") } });
  if (said?.code !== 0) return [fail("codexd: codex", `${file} --version fails as the job would run it`, next)];
  return [ok("codexd: codex", `${file}: ${said.stdout.trim()}`)];
};

const checkLogs = ({ id, tree }) => {
  const files = ["StandardOutPath", "StandardErrorPath"].map((key) => tree.get(key)).filter(Boolean);
  const lost = files.filter((file) => !fs.existsSync(path.dirname(file)));
  if (lost.length > 0)
    return [fail(`${id}: logs`, `there is no ${path.dirname(lost[0])}: launchd starts nothing`, "bootstrap.sh")];
  const bytes = files.map((file) => fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  const text = `${(bytes.reduce((sum, size) => sum + size, 0) / MIB).toFixed(1)} MiB in ${path.dirname(files[0] ?? "")}`;
  if (Math.max(0, ...bytes) < LOG_WARN_BYTES) return [ok(`${id}: logs`, text)];
  return [warn(`${id}: logs`, text, "logs.sh shows what fills them; cut one with : >FILE, launchd goes on at its end")];
};

const checkToken = ({ id, plist, needsToken }, { homeDir }) => {
  if (!needsToken) return [];
  const file = installedTokenFile(plist, homeDir);
  const fault = fileFault(file);
  return [fault === undefined ? ok(`${id}: token`, file) : fail(`${id}: token`, fault, "install-launchd.sh --help")];
};

/** Directories and files that are their owner's alone; those that are there. */
const checkModes = ({ repoDir, homeDir }) => {
  const dirs = ["state/codexd", "state/conductor", "logs/codexd"].map((name) => path.join(repoDir, name));
  const places = [...dirs, path.join(homeDir, ".config/baa-conductor"), path.join(repoDir, "state/codexd/token")];
  const open = places.flatMap((place) => {
    const stat = fs.statSync(place, { throwIfNoEntry: false });
    if (stat === undefined || (stat.mode & 0o077) === 0) return [];
    const next = `chmod ${stat.isDirectory() ? 700 : 600} ${JSON.stringify(place)}`;
    return [fail("modes", `${place} has mode 0${(stat.mode & 0o777).toString(8)}: others can read it`, next)];
  });
  return open.length > 0 ? open : [ok("modes", "state, logs and settings are their owner's alone")];
};

const checkPlace = ({ repoDir, homeDir }) => {
  const denied = ["Documents", "Desktop", "Downloads"].map((name) => path.join(homeDir, name));
  const bad = [...denied, "/Volumes"].find((dir) => `${repoDir}/`.startsWith(`${dir}/`));
  if (bad === undefined) return [ok("place", repoDir)];
  return [
    fail("place", `launchd's jobs may not read below ${bad}`, "move the repository, e.g. to ~/code/baa-conductor"),
  ];
};

const checkService = async (service, about) => {
  const { id, tree } = service;
  if (tree === undefined) return checkPlist(service);
  return [
    ...checkPlist(service),
    ...checkNode(service),
    ...(id === "codexd" ? await checkCodex(service) : []),
    ...checkLogs(service),
    ...checkToken(service, about),
  ];
};

/** Everything about the installation. */
export const checkInstallation = async (services, about) => {
  const each = await Promise.all(services.map((service) => checkService(service, about)));
  return [...checkPlace(about), ...each.flat(), ...checkDrift(services, about), ...checkModes(about)];
};
