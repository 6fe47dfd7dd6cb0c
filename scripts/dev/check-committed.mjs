// Looks through every file that is, or would be, committed for things that belong to one machine or to nobody:
// paths of this machine, a private registry's host, secret-looking strings, focused or skipped tests,
// `codex exec` in the formal runtime.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { committedFiles, root } from "./committed-files.mjs";

/** Product defaults of the operator's machine, fixed by the seed: allowed anywhere, also on that very machine. */
const PRODUCT_PATHS =
  /\/Users\/george(\/(code\/baa-conductor|Library\/LaunchAgents|\.config\/baa-conductor)|(?=<\/string>))/g;

/** Directories so common that a mention of them says nothing about this machine. */
const COMMON = new Set(["/", "/tmp", "/var/tmp", "/private/tmp", "/home", "/root", "/Users", "/opt", "/srv", "/usr"]);

const SECRETS = [
  { name: "an API key", pattern: /\bsk-[A-Za-z0-9_-]{24,}/ },
  { name: "a GitHub token", pattern: /\b(gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})/ },
  { name: "an AWS key", pattern: /\bAKIA[0-9A-Z]{16}\b/ },
  { name: "a Slack token", pattern: /\bxox[abprs]-[A-Za-z0-9-]{20,}/ },
  { name: "a private key", pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/ },
  { name: "a JSON web token", pattern: /\beyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\./ },
];

const SKIPPED = /\b(it|test|describe|suite|bench)(\.\w+)*\.(only|skip|todo|fails)\b/;
const TEST_FILE = /\.(test|bench)\.[cm]?[jt]sx?$/;

const escaped = (text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

const machinePaths = () => {
  const places = [root, path.dirname(root), fs.realpathSync(root), os.homedir()].filter((place) => !COMMON.has(place));
  return new RegExp(`(?<![\\w.-])(${places.map(escaped).join("|")})(?=[/"'\`\\s]|$)`);
};

/** Host of the registry this machine installs from, unless it is the public one. */
const registryHost = () => {
  const url = execFileSync("npm", ["config", "get", "registry"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const host = URL.canParse(url.trim()) ? new URL(url.trim()).hostname : "";
  return host === "" || host === "registry.npmjs.org" ? undefined : host;
};

const rulesFor = (file, { paths, host }) => {
  const rules = SECRETS.map(({ name, pattern }) => ({ name, matches: (line) => pattern.test(line) }));
  rules.push({ name: "a path of this machine", matches: (line) => paths.test(line.replaceAll(PRODUCT_PATHS, "")) });
  if (host !== undefined)
    rules.push({ name: "the host of a private registry", matches: (line) => line.includes(host) });
  if (/^(ops|scripts\/runtime)\//.test(file))
    rules.push({ name: "codex exec in the formal runtime", matches: (line) => /\bcodex\s+exec\b/.test(line) });
  if (TEST_FILE.test(file)) rules.push({ name: "a focused or skipped test", matches: (line) => SKIPPED.test(line) });
  return rules;
};

const problemsOf = (file, context) => {
  const content = fs.readFileSync(path.join(root, file));
  if (content.includes(0)) return [];
  const lines = content.toString("utf8").split("\n");
  return rulesFor(file, context).flatMap(({ name, matches }) =>
    lines.flatMap((line, index) => (matches(line) ? [`${file}:${index + 1}: ${name}`] : [])),
  );
};

const context = { paths: machinePaths(), host: registryHost() };
const files = committedFiles();
const problems = files.flatMap((file) => problemsOf(file, context));
for (const problem of problems) console.error(problem);
console.log(`${files.length} files looked through, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
