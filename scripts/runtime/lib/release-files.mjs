// What goes into a release: the built apps, ops and scripts, and the packages that bundles leave outside.
import { createHash } from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** Packages that are no part of a bundle, with what they need at run time. */
const OUTSIDE = { "@photostructure/sqlite": ["node-gyp-build"] };

/** Types and the compiler's notes are not for running. */
const isLeftOut = (name) => name === "types" || name.endsWith(".tsbuildinfo");

const filesBelow = (dir, keep = () => true) =>
  fs
    .readdirSync(dir, { withFileTypes: true })
    .filter((entry) => keep(entry.name, dir))
    .flatMap((entry) => {
      const file = path.join(dir, entry.name);
      if (entry.isDirectory()) return filesBelow(file, keep);
      return entry.isFile() ? [file] : [];
    });

const moved = (files, from, to) => files.map((file) => ({ from: file, to: path.join(to, path.relative(from, file)) }));

/** Every app with something built, by the name of its folder. */
export const builtApps = (repo) => {
  const apps = path.join(repo, "apps");
  const names = fs.existsSync(apps) ? fs.readdirSync(apps) : [];
  return names.filter((name) => fs.existsSync(path.join(apps, name, "dist"))).toSorted();
};

const appFiles = (repo) =>
  builtApps(repo).flatMap((name) => {
    const dist = path.join(repo, "apps", name, "dist");
    const files = filesBelow(dist, (entry, dir) => dir !== dist || !isLeftOut(entry));
    return moved(files, dist, path.join("apps", name, "dist"));
  });

const isSource = (name) => !name.startsWith(".");

const scriptFiles = (repo) =>
  ["ops/launchd", "scripts/runtime"].flatMap((place) => {
    const dir = path.join(repo, place);
    return fs.existsSync(dir) ? moved(filesBelow(dir, isSource), dir, place) : [];
  });

/** The folder of an installed package, as the module at `from` would find it; undefined when it is not installed. */
const packageDir = (name, from) => {
  try {
    return path.dirname(createRequire(from).resolve(`${name}/package.json`));
  } catch {
    return undefined; // not installed: the caller knows who needs it
  }
};

/** What a package needs when it runs: no sources, and of its native builds those of this machine. */
const packageFiles = (name, dir) => {
  const own = `${process.platform}-${process.arch}`;
  const keep = (entry, parent) => {
    if (path.basename(parent) === "prebuilds") return entry === own;
    return parent !== dir || !["src", "scripts", "node_modules", "build", "deps"].includes(entry);
  };
  return moved(filesBelow(dir, keep), dir, path.join("node_modules", name));
};

const outsideFiles = (repo) =>
  Object.entries(OUTSIDE).flatMap(([name, needs]) => {
    const users = builtApps(repo)
      .map((app) => path.join(repo, "apps", app, "dist/index.js"))
      .filter((entry) => fs.existsSync(entry) && fs.readFileSync(entry, "utf8").includes(`"${name}"`));
    if (users.length === 0) return [];
    const dir = packageDir(name, users[0]);
    if (dir === undefined) throw missing(`${name} is not installed beside ${users[0]}; run npx --yes pnpm install`);
    const others = needs.map((need) => [need, packageDir(need, path.join(dir, "package.json"))]);
    const absent = others.find(([, place]) => place === undefined);
    if (absent !== undefined) throw missing(`${name} needs ${absent[0]}, which is not installed`);
    return [[name, dir], ...others].flatMap(([each, place]) => packageFiles(each, place));
  });

const missing = (message) => Object.assign(new Error(message), { exitCode: 69 });

const isExecutable = (file) => (fs.statSync(file).mode & 0o100) !== 0;

/**
 * Every file of a release as `{from, to, mode}`, in the order of `to`. Throws (exit code 69) when a package is not
 * there.
 */
export const releaseFiles = (repo) =>
  [...appFiles(repo), ...scriptFiles(repo), ...outsideFiles(repo)]
    .map((file) => ({ ...file, mode: isExecutable(file.from) ? 0o755 : 0o644 }))
    .toSorted((a, b) => (a.to < b.to ? -1 : 1));

/** One value for the content of these files and their names. */
export const digestOf = (files) => {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}\n`);
  for (const { from, to, mode } of files)
    hash.update(`${to} ${mode} ${fs.statSync(from).size}\n`).update(fs.readFileSync(from));
  return hash.digest("hex");
};

/** The files of a release that is there already, for comparing its digest with what its manifest says. */
export const installedFiles = (dir) =>
  filesBelow(dir)
    .map((file) => ({ from: file, to: path.relative(dir, file), mode: isExecutable(file) ? 0o755 : 0o644 }))
    .filter(({ to }) => !["manifest.json", "package.json", "served.json"].includes(to))
    .toSorted((a, b) => (a.to < b.to ? -1 : 1));
