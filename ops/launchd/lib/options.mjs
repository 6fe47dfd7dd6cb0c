// The renderer's command line.
import { parseArgs } from "node:util";
import { UsageError } from "./services.mjs";

export const USAGE = `Usage: node ops/launchd/render.mjs [options]

Renders so.makefile.baa-<service>.plist from its template into the install directory. A file that says the same
already is left alone. The copy of before is kept as <former-dir>/<label>.plist.prev.

  --check                   write nothing; exit 1 unless every installed file is what rendering gives now
  --dry-run                 write nothing; show what would change
  --json                    one JSON object instead of lines
  --keep-programs           node and PATH as the installed copies have them, instead of what is on PATH now
  --service NAME            repeatable (default: conductor, codexd, status-api)
  --all-services
  --install-dir PATH        (default: <home>/Library/LaunchAgents, or /Library/LaunchDaemons)
  --former-dir PATH         (default: <home>/.config/baa-conductor/launchd)
  --node mini               whose addresses are the defaults
  --scope agent|daemon      (default: agent)
  --username NAME           UserName of daemons (default: you)
  --session-type TYPE       LimitLoadToSessionType of agents, e.g. Background (default: none, which means Aqua)
  --repo-dir PATH           (default: where this file is)
  --code-dir PATH           where apps/<app>/dist is looked for (default: releases/current in the repository when
                            there is one, else the repository)
  --home-dir PATH           HOME of the jobs (default: yours)
  --node-path PATH          (default: the first node on PATH)
  --job-path PATHS          PATH of the jobs (default: where node and codex are, then the usual places)
  --shared-token-file PATH  (default: <home>/.config/baa-conductor/shared-token.txt)
  --local-api-base URL, --local-api-allowed-hosts CSV, --codexd-local-api-base URL (or --codexd-api-base),
  --codexd-event-stream-path PATH, --codexd-server-command COMMAND, --codexd-server-cwd PATH,
  --status-api-host HOST, --status-api-port PORT, --control-api-base URL

Exit: 0 fine, 1 the check found drift or something failed, 64 usage, 73 a file cannot be written.
`;

/** Options that take one value, and the names of those values in code. */
const TEXTS = {
  "install-dir": "installDir",
  "former-dir": "formerDir",
  node: "node",
  scope: "scope",
  username: "username",
  "session-type": "sessionType",
  "repo-dir": "repoDir",
  "code-dir": "codeDir",
  "home-dir": "homeDir",
  "node-path": "nodePath",
  "job-path": "jobPath",
  "shared-token-file": "tokenFile",
  "local-api-base": "localApiBase",
  "local-api-allowed-hosts": "localApiAllowedHosts",
  "codexd-local-api-base": "codexdLocalApiBase",
  "codexd-api-base": "codexdLocalApiBase",
  "codexd-event-stream-path": "codexdEventStreamPath",
  "codexd-server-command": "codexdServerCommand",
  "codexd-server-cwd": "codexdServerCwd",
  "status-api-host": "statusApiHost",
  "status-api-port": "statusApiPort",
  "control-api-base": "controlApiBase",
};

const FLAGS = ["check", "dry-run", "json", "keep-programs", "all-services", "help"];

/** The call's flags and values; `given` holds the settings among them. Throws UsageError. */
export const parseCall = (argv) => {
  const options = {
    service: { type: "string", multiple: true, default: [] },
    ...Object.fromEntries(FLAGS.map((name) => [name, { type: "boolean", default: false }])),
    ...Object.fromEntries(Object.keys(TEXTS).map((name) => [name, { type: "string" }])),
  };
  try {
    const { values } = parseArgs({ args: argv, options, strict: true, allowPositionals: false });
    return { values, given: givenOf(values) };
  } catch (error) {
    throw new UsageError(error.message);
  }
};

const givenOf = (values) =>
  Object.fromEntries(
    Object.entries(TEXTS).flatMap(([option, name]) => (values[option] === undefined ? [] : [[name, values[option]]])),
  );
