// What an installation has put on disk, and what the services have put there since.
import fs from "node:fs";
import path from "node:path";
import { readServices } from "../../../ops/launchd/lib/services.mjs";

const CONFIG = ".config/baa-conductor";
/** Directories of the runtime below the repository; git keeps their place by a .gitkeep. */
const DATA_DIRS = "state logs runs worktrees tmp releases".split(" ");

const isThere = (file) => fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined;

const namesIn = (dir) => (fs.existsSync(dir) ? fs.readdirSync(dir) : []);

/** Files that are there because this service was installed: its plist, what a write left, and the kept copies. */
export const filesOf = ({ label, plist, good, prev, loadedMark }) => {
  const dir = path.dirname(plist);
  const leftovers = namesIn(dir).filter((name) => name.startsWith(`.${label}.plist.tmp-`));
  const kept = [good, prev, loadedMark].flatMap((file) => [file, `${file}.tmp`]);
  return [plist, ...leftovers.map((name) => path.join(dir, name)), ...kept].filter(isThere);
};

/** runtime.json and the directory of kept copies: once no plist of ours is left. */
export const commonFiles = ({ "home-dir": home, "keep-dir": keepDir, "install-dir": installDir, "dry-run": isDry }) => {
  const isLast = isDry || readServices().every(({ label }) => !isThere(path.join(installDir, `${label}.plist`)));
  return isLast ? [path.join(home, CONFIG, "runtime.json"), keepDir].filter(isThere) : [];
};

/** Everything that the services wrote, and the operator's settings and tokens: only when asked for. */
export const dataOf = ({ "repo-dir": repo, "home-dir": home }) => {
  const entries = DATA_DIRS.flatMap((name) =>
    namesIn(path.join(repo, name))
      .filter((entry) => entry !== ".gitkeep")
      .map((entry) => path.join(repo, name, entry)),
  );
  return [...entries, path.join(home, CONFIG)].filter(isThere);
};

/** Removes files and directories; returns those that were there. */
export const removeFiles = (files) => {
  for (const file of files) fs.rmSync(file, { recursive: true, force: true });
  return files;
};
