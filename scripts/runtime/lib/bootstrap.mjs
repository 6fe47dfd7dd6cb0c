// Makes the runtime directories. Arguments: the repository, then --dry-run, --json.
import fs from "node:fs";
import path from "node:path";

const NAMES = "state state/codexd runs worktrees logs logs/codexd logs/launchd tmp".split(" ");
/** What is in these is the service's user's alone. */
const PRIVATE = 0o700;

const [repo = "", ...flags] = process.argv.slice(2);
const isDry = flags.includes("--dry-run");

const prepare = (name) => {
  const dir = path.join(repo, name);
  const stat = fs.statSync(dir, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isDirectory())
    throw Object.assign(new Error(`${dir} is no directory`), { code: "ENOTDIR" });
  const isWide = stat !== undefined && (stat.mode & 0o077) !== 0;
  const action = stat === undefined ? "made" : isWide ? "closed" : "kept";
  if (!isDry && action === "made") fs.mkdirSync(dir, { mode: PRIVATE });
  if (!isDry && action !== "kept") fs.chmodSync(dir, PRIVATE);
  return { path: dir, action };
};

const command = ({ path: dir, action }) => `${action === "made" ? "mkdir -m 700" : "chmod 700"} ${JSON.stringify(dir)}`;

try {
  if (!fs.statSync(repo, { throwIfNoEntry: false })?.isDirectory()) throw new Error(`${repo} is no directory`);
  const directories = NAMES.map(prepare);
  const changed = directories.filter(({ action }) => action !== "kept");
  if (flags.includes("--json")) console.log(JSON.stringify({ ok: true, dryRun: isDry, directories }, undefined, 2));
  else if (changed.length === 0) console.log("the runtime directories are all there: nothing changed");
  else for (const entry of changed) console.log(isDry ? command(entry) : `${entry.action}: ${entry.path}`);
} catch (error) {
  console.error(`bootstrap: ${error.message}`);
  process.exitCode = error.code === undefined ? 1 : 73;
}
