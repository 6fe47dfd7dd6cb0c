// Programs as a job will find them: by an absolute path that survives an upgrade.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { UsageError } from "./services.mjs";

const isExecutable = (file) => {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false; // not there, or not ours to run: the next directory may have it
  }
};

/** The first executable of that name on PATH, links not resolved; an absolute name is itself. */
export const findProgram = (name, searchPath) => {
  if (name.includes("/")) return path.isAbsolute(name) && isExecutable(name) ? name : undefined;
  const dirs = searchPath.split(path.delimiter).filter((dir) => path.isAbsolute(dir));
  return dirs.map((dir) => path.join(dir, name)).find(isExecutable);
};

/** Why a job must not be started with this node, or undefined. It runs as launchd would: without our environment. */
export const nodeFault = (file) => {
  if (!path.isAbsolute(file)) return `node must be an absolute path: ${file}`;
  if (file.includes("/Cellar/")) return `${file} disappears with the next brew upgrade; name the link in its bin`;
  if (isThisNode(file)) return versionFault(file, process.version);
  const { status, stdout } = spawnSync(file, ["--version"], { encoding: "utf8", env: { PATH: "/usr/bin:/bin" } });
  if (status !== 0) return `${file} does not run outside of this shell`;
  return versionFault(file, stdout.trim());
};

const isThisNode = (file) => fs.existsSync(file) && fs.realpathSync(file) === fs.realpathSync(process.execPath);

const versionFault = (file, version) => {
  const [major, minor] = version.replace("v", "").split(".").map(Number);
  return major > 20 || (major === 20 && minor >= 19) ? undefined : `${file} is ${version}; 20.19 is needed`;
};

/** The node for the jobs: the one given, else the first on PATH. Throws UsageError when it will not do. */
export const chooseNode = (given, searchPath) => {
  const file = given ?? findProgram("node", searchPath);
  if (file === undefined) throw new UsageError("node is not on PATH; give --node-path");
  const fault = nodeFault(file);
  if (fault !== undefined) throw new UsageError(fault);
  return file;
};
