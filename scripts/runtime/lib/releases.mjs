// The releases below `<repository>/releases`: one folder each, and the link `current` that the plists go through.
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { UsageError } from "../../../ops/launchd/lib/services.mjs";
import { digestOf, installedFiles } from "./release-files.mjs";

const FORMAT = 1;
const TEMPORARY = ".tmp-";
const ID = /^\d{8}T\d{6}Z-[0-9a-f]{8}$/;

export const releasesDir = (repo) => path.join(repo, "releases");
export const releaseDir = (repo, id) => path.join(releasesDir(repo), id);
export const currentLink = (repo) => path.join(releasesDir(repo), "current");

const readJson = (file) => {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    return undefined; // missing or cut: no release then, or one that never served
  }
};

/** Its manifest, when the folder holds a release that this code understands. */
export const readManifest = (repo, id) => {
  const manifest = readJson(path.join(releaseDir(repo, id), "manifest.json"));
  return manifest?.id === id && manifest.minReader <= FORMAT ? manifest : undefined;
};

/** Every release as its manifest with `servedAt`, the newest first. */
export const listReleases = (repo) => {
  const dir = releasesDir(repo);
  const names = fs.existsSync(dir) ? fs.readdirSync(dir).filter((name) => ID.test(name)) : [];
  return names
    .map((id) => ({ ...readManifest(repo, id), servedAt: readJson(path.join(dir, id, "served.json"))?.at }))
    .filter(({ id }) => id !== undefined)
    .toSorted((a, b) => (a.id < b.id ? 1 : -1));
};

/** The id that the link names; undefined without a link. Throws when something else is in its place. */
export const currentId = (repo) => {
  const link = currentLink(repo);
  const stat = fs.lstatSync(link, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (!stat.isSymbolicLink()) throw new Error(`${link} is no link; move it away`);
  return path.basename(fs.readlinkSync(link));
};

const syncDirectory = (dir) => {
  const handle = fs.openSync(dir, "r");
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
};

/**
 * Lets the link name another release, in one step: whoever follows it finds the old or the new one. `undefined` takes
 * the link away.
 */
export const pointTo = (repo, id) => {
  const link = currentLink(repo);
  if (currentId(repo) === id) return false;
  if (id === undefined) fs.rmSync(link);
  else {
    const temporary = `${link}${TEMPORARY}${randomUUID()}`;
    fs.symlinkSync(id, temporary);
    fs.renameSync(temporary, link);
  }
  syncDirectory(releasesDir(repo));
  return true;
};

/** Notes that all services came up with it. */
export const markServed = (repo, id, now = new Date()) => {
  const file = path.join(releaseDir(repo, id), "served.json");
  if (fs.existsSync(file)) return false;
  fs.writeFileSync(`${file}.tmp`, `${JSON.stringify({ at: now.toISOString() })}\n`, { mode: 0o644, flush: true });
  fs.renameSync(`${file}.tmp`, file);
  return true;
};

/** Whether the files are those that were put there. */
export const isIntact = (repo, { id, digest }) => digestOf(installedFiles(releaseDir(repo, id))) === digest;

/** The newest release before this one that has served; where a rollback goes. */
export const formerRelease = (repo, id) =>
  listReleases(repo).find((release) => (id === undefined || release.id < id) && release.servedAt !== undefined)?.id;

const compact = (date) =>
  date
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(/[-:]/g, "");

/** An id that sorts by time and says which content it is. */
export const newId = (digest, now = new Date()) => `${compact(now)}-${digest.slice(0, 8)}`;

/**
 * Copies files into a new release, whole or not at all: every file synced, the manifest last, `check(dir)` before it
 * gets its name.
 */
export const createRelease = (repo, { id, files, manifest, check }) => {
  const dir = releasesDir(repo);
  fs.mkdirSync(dir, { recursive: true });
  const temporary = path.join(dir, `${TEMPORARY}${id}-${process.pid}`);
  fs.rmSync(temporary, { recursive: true, force: true });
  try {
    fs.mkdirSync(temporary);
    for (const place of [dir, temporary]) fs.chmodSync(place, 0o755); // the code is no secret, and our umask is 077
    for (const { from, to, mode } of files) write(path.join(temporary, to), fs.readFileSync(from), mode);
    const pack = { name: "baa-conductor-release", version: manifest.version, private: true, type: "module" };
    write(path.join(temporary, "package.json"), `${JSON.stringify(pack, undefined, 2)}\n`, 0o644);
    check(temporary);
    const whole = { format: FORMAT, minReader: FORMAT, id, ...manifest };
    write(path.join(temporary, "manifest.json"), `${JSON.stringify(whole, undefined, 2)}\n`, 0o644);
    fs.renameSync(temporary, path.join(dir, id));
    syncDirectory(dir);
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
};

const write = (file, content, mode) => {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content, { mode, flag: "wx", flush: true });
  fs.chmodSync(file, mode); // the mode at creation is cut by the umask
  for (let dir = path.dirname(file); !path.basename(dir).startsWith(TEMPORARY); dir = path.dirname(dir))
    fs.chmodSync(dir, 0o755);
};

/** How many releases stay, from an option's text. Throws UsageError. */
export const keptReleases = (text) => {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 2) throw new UsageError("--keep-releases is a number from 2 on");
  return count;
};

/** Releases that something still runs from, by what reload-launchd.sh noted at the last loading. */
const usedIds = (keepDir) => {
  const names = fs.existsSync(keepDir) ? fs.readdirSync(keepDir).filter((name) => name.endsWith(".loaded")) : [];
  const marks = names.map((name) => fs.readFileSync(path.join(keepDir, name), "utf8"));
  return marks.flatMap((mark) => /\/releases\/([^/]+)\//.exec(mark)?.[1] ?? []);
};

/** What an interrupted run left: something half made, or half removed. */
const isRemains = (place) => {
  const name = path.basename(place);
  if (name.startsWith(TEMPORARY) || name.startsWith(`current${TEMPORARY}`)) return true;
  return ID.test(name) && !fs.existsSync(path.join(place, "manifest.json"));
};

/**
 * Removes all but the newest `keep`, and what interrupted runs left. Never the current one, the one before it that
 * served, nor one that a service was loaded from. Returns the ids that are gone.
 */
export const pruneReleases = (repo, { keep, keepDir }) => {
  const dir = releasesDir(repo);
  if (!fs.existsSync(dir)) return [];
  for (const name of fs.readdirSync(dir))
    if (isRemains(path.join(dir, name))) fs.rmSync(path.join(dir, name), { recursive: true, force: true });
  const current = currentId(repo);
  const held = new Set([current, formerRelease(repo, current), ...usedIds(keepDir)]);
  const old = listReleases(repo)
    .slice(keep)
    .map(({ id }) => id);
  const gone = old.filter((id) => !held.has(id));
  for (const id of gone) {
    // The manifest first: what is left of an interrupted removal is no release any more.
    fs.rmSync(path.join(releaseDir(repo, id), "manifest.json"), { force: true });
    fs.rmSync(releaseDir(repo, id), { recursive: true, force: true });
  }
  return gone;
};
