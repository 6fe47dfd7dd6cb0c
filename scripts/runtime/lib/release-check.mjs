// What a new release must show before anything is switched to it: its programs load.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const TIMEOUT_MS = 30_000;
const ADDON = "@photostructure/sqlite";

const LINES_MAX = 5;

/** What a program said when it died, without the frames of its stack. */
const lastWords = (text) => {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !/^\s+at /.test(line));
  return lines.slice(-LINES_MAX).join("\n    ");
};

/** The entry answers --version: the bundle loads, with all that it needs. */
const entryFault = (file) => {
  if (!fs.existsSync(file)) return `there is no ${file}`;
  const env = { PATH: process.env.PATH, HOME: process.env.HOME };
  const { status, error, stderr } = spawnSync(process.execPath, [file, "--version"], {
    encoding: "utf8",
    timeout: TIMEOUT_MS,
    cwd: "/",
    env,
  });
  if (status === 0) return undefined;
  return `${file} --version ${error === undefined ? `ended with ${status}` : error.message}\n    ${lastWords(stderr)}`;
};

/** A native addon of another system or Node shows only when it is loaded. */
const addonFault = (dir) => {
  const modules = path.join(dir, "node_modules");
  if (!fs.existsSync(modules)) return undefined;
  const require = createRequire(path.join(dir, "package.json"));
  try {
    new (require(ADDON).DatabaseSync)(":memory:").close();
    return undefined;
  } catch (error) {
    return `the SQLite addon does not load: ${error.message}`;
  }
};

/** Throws with everything that is wrong with the release in `dir`, for these services. */
export const assertLoads = (dir, services) => {
  const faults = [...services.map(({ entry }) => entryFault(path.join(dir, entry))), addonFault(dir)].filter(Boolean);
  if (faults.length > 0) throw new Error(`the new release does not load:\n  ${faults.join("\n  ")}`);
};
