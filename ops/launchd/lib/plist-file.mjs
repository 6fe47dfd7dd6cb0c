// Installed property lists on disk: looked at, and replaced so that at every moment the old or the new one is whole.
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parsePlist, PlistError, serializePlist } from "../plist.mjs";

/** launchd refuses a plist that others may write, and on macOS 26 one that others may not read. */
const MODE = 0o644;

const isMissing = (error) => error.code === "ENOENT";

/** What is at `file`: `{state: "missing"}`, `{state: "invalid", why}` or `{state: "present", tree, faults, isOurs}`. */
export const inspectPlist = (file) => {
  let text;
  let stat;
  try {
    stat = fs.statSync(file);
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return { state: "missing" };
    return { state: "invalid", why: error.message };
  }
  try {
    return { state: "present", tree: parsePlist(text), faults: faultsOf(stat), isOurs: isOurs(stat) };
  } catch (error) {
    if (!(error instanceof PlistError)) throw error;
    return { state: "invalid", why: error.message };
  }
};

const isOurs = (stat) => stat.uid === process.getuid();

const faultsOf = (stat) => {
  const mode = stat.mode & 0o777;
  return [
    ...(mode === MODE ? [] : [`its mode is 0${mode.toString(8)} and must be 0644`]),
    ...(isOurs(stat) ? [] : [`it belongs to uid ${stat.uid}, not to ${process.getuid()}`]),
  ];
};

/** Throws unless the file reads as a property list, to `plutil` where that exists and else to our own parser. */
export const lintPlist = (file) => {
  const { error, status, stdout, stderr } = spawnSync("plutil", ["-lint", "-s", file], { encoding: "utf8" });
  if (error === undefined && status !== 0) throw new PlistError(`plutil -lint: ${(stderr || stdout).trim()}`);
  if (error !== undefined && !isMissing(error)) throw error;
  return parsePlist(fs.readFileSync(file, "utf8"));
};

/** After a rename: the directory itself is on disk. */
export const syncDirectory = (dir) => {
  const handle = fs.openSync(dir, "r");
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
};

/** Writes beside `file` under a name that launchd does not scan, and returns that name. */
const writeBeside = (file, text) => {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.tmp-${randomUUID()}`);
  const handle = fs.openSync(temporary, "wx", 0o600);
  try {
    fs.writeFileSync(handle, text);
    fs.fchmodSync(handle, MODE); // explicit: the mode at creation is cut by the umask
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  return temporary;
};

/** What an interrupted run left beside `file`. */
const removeLeftovers = (file) => {
  const dir = path.dirname(file);
  const prefix = `.${path.basename(file)}.tmp-`;
  for (const name of fs.readdirSync(dir)) if (name.startsWith(prefix)) fs.rmSync(path.join(dir, name), { force: true });
};

/** Where the copy of before the last change is kept: outside the directory that launchd scans. */
export const formerCopy = (file, formerDir) => path.join(formerDir, `${path.basename(file)}.prev`);

/** The former copy may still hold a token of old: only its owner reads it. */
const keepFormer = (file, formerDir) => {
  fs.mkdirSync(formerDir, { recursive: true, mode: 0o700 });
  const kept = formerCopy(file, formerDir);
  const temporary = `${kept}.tmp`;
  fs.rmSync(temporary, { force: true });
  fs.writeFileSync(temporary, fs.readFileSync(file), { mode: 0o600, flag: "wx" });
  fs.renameSync(temporary, kept);
};

/**
 * Replaces `file` by the tree: written beside it, linted, read back, mode 0644, the former one kept, renamed. On any
 * error `file` is as it was.
 */
export const replacePlist = (file, tree, { comment, formerDir }) => {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 });
  removeLeftovers(file);
  const temporary = writeBeside(file, serializePlist(tree, { comment }));
  try {
    if (!isDeepStrictEqual(lintPlist(temporary), tree)) throw new PlistError("it does not read back as written");
    if (fs.existsSync(file)) keepFormer(file, formerDir);
    fs.renameSync(temporary, file);
  } finally {
    fs.rmSync(temporary, { force: true });
  }
  syncDirectory(path.dirname(file));
};

/** Puts a kept copy back in place of `file`, whole or not at all. */
export const restorePlist = (file, kept) => {
  const temporary = writeBeside(file, fs.readFileSync(kept));
  fs.renameSync(temporary, file);
  syncDirectory(path.dirname(file));
};
