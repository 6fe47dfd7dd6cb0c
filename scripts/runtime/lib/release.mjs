// The steps that install-mini.sh and rollback.sh take with releases.
//
//   release.mjs make      builds nothing: packs what is built into a release, or finds that there is one with the same
//                         content; checks it; prints its id
//   release.mjs switch    --to ID: checks formats, notes the state of before, lets `current` name it
//   release.mjs restore   back to what was noted; prints what is in force again, exit 3 when there was nothing before
//   release.mjs served    the current release serves: nothing to go back to, old releases are removed
//   release.mjs choose    prints the release that a rollback goes to (--to ID: that one, if it will do)
//   release.mjs list      every release, the newest first
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { inspectPlist } from "../../../ops/launchd/lib/plist-file.mjs";
import { chooseServices, readServices, UsageError } from "../../../ops/launchd/lib/services.mjs";
import { forget, remember, restore } from "./before.mjs";
import { compareFormats, readersOf } from "./formats.mjs";
import { assertLoads } from "./release-check.mjs";
import { builtApps, digestOf, releaseFiles } from "./release-files.mjs";
import {
  createRelease,
  currentId,
  currentLink,
  formerRelease,
  isIntact,
  keptReleases,
  listReleases,
  markServed,
  newId,
  pointTo,
  pruneReleases,
  readManifest,
  releaseDir,
} from "./releases.mjs";

const NOTHING_BEFORE = 3;

const options = {
  "repo-dir": { type: "string" },
  "home-dir": { type: "string" },
  "install-dir": { type: "string" },
  service: { type: "string", multiple: true, default: [] },
  "all-services": { type: "boolean", default: false },
  to: { type: "string" },
  keep: { type: "string", default: "5" },
  "dry-run": { type: "boolean", default: false },
  json: { type: "boolean", default: false },
};

const say = (line) => process.stderr.write(`${line}\n`);

const refuse = (code, message) => Object.assign(new Error(message), { exitCode: code });

const versionOf = (file) => (fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")).version : undefined);

/** What the release was made of, for people; none of it decides anything. */
const versionsOf = (repo, files) => {
  const apps = builtApps(repo).map((name) => [name, versionOf(path.join(repo, "apps", name, "package.json"))]);
  const packages = files
    .filter(({ to }) => /^node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(to))
    .map(({ from, to }) => [path.dirname(to).slice("node_modules/".length), versionOf(from)]);
  const codex = ["@openai/codex", versionOf(path.join(repo, "node_modules/@openai/codex/package.json"))];
  return Object.fromEntries([...apps, ...packages, codex].filter(([, version]) => version !== undefined));
};

const commitOf = (repo) => {
  try {
    return execFileSync("git", ["-C", repo, "rev-parse", "HEAD"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return undefined; // no git, or no clone: the digest says what it is
  }
};

const make = ({ repo, services, isDry }) => {
  const files = releaseFiles(repo);
  for (const { id, entry } of services)
    if (!files.some(({ to }) => to === entry))
      throw refuse(69, `${id} is not built: there is no ${path.join(repo, entry)}; run npx --yes pnpm -r build`);
  const digest = digestOf(files);
  const same = listReleases(repo).find((release) => release.digest === digest && isIntact(repo, release));
  if (same !== undefined) return (say(`release: ${same.id} has this content already`), same.id);
  const id = newId(digest);
  if (isDry) return (say(`release: ${id} would be made of ${files.length} files`), id);
  const manifest = {
    version: versionOf(path.join(repo, "package.json")) ?? "0.0.0",
    createdAt: new Date().toISOString(),
    commit: commitOf(repo),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    digest,
    versions: versionsOf(repo, files),
    readers: readersOf(repo),
  };
  createRelease(repo, { id, files, manifest, check: (dir) => assertLoads(dir, services) });
  say(`release: ${id} made of ${files.length} files`);
  return id;
};

/** Throws unless the release is there, whole, and can read what lies on disk. */
const assertUsable = ({ repo, home }, id) => {
  const manifest = readManifest(repo, id);
  if (manifest === undefined) throw refuse(1, `there is no release ${id}; rollback.sh --list shows what there is`);
  if (!isIntact(repo, manifest)) throw refuse(1, `the files of release ${id} are not those that were put there`);
  const places = {
    stateDir: path.join(repo, "state"),
    logsDir: path.join(repo, "logs"),
    configDir: path.join(home, ".config/baa-conductor"),
  };
  const { faults, unknown } = compareFormats(manifest.readers, places, [releaseDir(repo, id), repo]);
  for (const line of unknown) say(`release: ${line}`);
  if (faults.length > 0) throw refuse(1, `release ${id} cannot read what a newer one wrote:\n  ${faults.join("\n  ")}`);
};

const switchOver = (context) => {
  const { repo, to, services, keepDir, installDir } = context;
  assertUsable(context, to);
  if (!remember(repo, services, { keepDir, installDir }))
    say(
      "release: an earlier installation was not finished; if this one does not serve, what was before that comes back",
    );
  say(pointTo(repo, to) ? `release: current is now ${to}` : `release: current is ${to} already`);
  return "";
};

const goBack = ({ repo, keepDir, installDir }) => {
  const before = restore(repo, { keepDir, installDir });
  if (before === undefined) throw refuse(NOTHING_BEFORE, "there is nothing to go back to");
  return before.current ?? "what was installed before releases";
};

const served = ({ repo, keepDir, keep }) => {
  const id = currentId(repo);
  if (id !== undefined) markServed(repo, id);
  forget(keepDir);
  for (const gone of pruneReleases(repo, { keep, keepDir })) say(`release: ${gone} removed`);
  return id ?? "";
};

/** A plist that names the program itself would start the same one again, whatever the link says. */
const assertThroughLink = ({ repo, installDir, services }) => {
  for (const { id, label } of services) {
    const file = path.join(installDir, `${label}.plist`);
    const entry = inspectPlist(file).tree?.get("ProgramArguments")?.[1];
    if (typeof entry !== "string" || !entry.startsWith(`${currentLink(repo)}/`))
      throw refuse(1, `${id} is not started through ${currentLink(repo)} (${file}); run install-mini.sh first`);
  }
};

const choose = (context) => {
  assertThroughLink(context);
  const current = currentId(context.repo);
  const id = context.to ?? formerRelease(context.repo, current);
  if (id === undefined)
    throw refuse(1, "there is no older release that has served; rollback.sh --list shows all, --to ID takes one");
  assertUsable(context, id);
  return id;
};

const factsOf = (context, release) => {
  let why;
  try {
    assertUsable(context, release.id);
  } catch (error) {
    why = error.message;
  }
  const { id, version, commit, createdAt, servedAt, versions } = release;
  return {
    id,
    version,
    commit,
    createdAt,
    servedAt,
    versions,
    current: id === currentId(context.repo),
    usable: why === undefined,
    why,
  };
};

const list = (context) => {
  const releases = listReleases(context.repo).map((release) => factsOf(context, release));
  if (context.isJson) return JSON.stringify({ ok: true, releases }, undefined, 2);
  if (releases.length === 0) return "there are no releases; install-mini.sh makes them";
  return releases
    .map(({ id, version, commit, servedAt, current, why }) =>
      [
        `${current ? "*" : " "} ${id}  ${version}`,
        commit?.slice(0, 10),
        servedAt === undefined ? "never served" : `served since ${servedAt}`,
        why && `cannot be used: ${why}`,
      ]
        .filter(Boolean)
        .join("  "),
    )
    .join("\n");
};

const VERBS = { make, switch: switchOver, restore: goBack, served, choose, list };

const main = ([verb, ...argv]) => {
  const { values } = parseArgs({ args: argv, options, strict: true });
  return VERBS[verb]({
    repo: values["repo-dir"],
    home: values["home-dir"],
    installDir: values["install-dir"],
    keepDir: path.join(values["home-dir"], ".config/baa-conductor/launchd"),
    services: chooseServices(readServices(), { named: values.service, all: values["all-services"] }),
    to: values.to,
    keep: keptReleases(values.keep),
    isDry: values["dry-run"],
    isJson: values.json,
  });
};

try {
  const answer = main(process.argv.slice(2));
  if (answer !== "") console.log(answer);
} catch (error) {
  console.error(`release: ${error.message}`);
  process.exitCode = error.exitCode ?? (error instanceof UsageError ? 64 : 1);
}
