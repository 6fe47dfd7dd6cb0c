import { EXIT } from "@baa/process";

/** An option of one command, beside `--json` and `--help`, which all of them take. */
export interface OptionDef {
  readonly name: string;
  /** Stands for its value in the help; an option without one is a switch. */
  readonly value?: string;
  readonly summary: string;
}

/** One command: the only description of it. `--help`, docs/reference/cli.md and the parsing are made from this table. */
export interface CommandDef {
  /** One or two words, as they are typed. */
  readonly name: string;
  readonly summary: string;
  /** Paragraphs for its own help. */
  readonly about: readonly string[];
  readonly options: readonly OptionDef[];
  /** What `--json` prints on stdout. */
  readonly json: string;
  /** Exit codes that it can end with, and what each means for this command. */
  readonly exits: Readonly<Record<number, string>>;
}

const usage = { [EXIT.usage]: "the command line is wrong" };
const config = { [EXIT.config]: "a setting, or the mode or owner of a file, is wrong; it is named" };
const busy = { [EXIT.busy]: "codexd runs (it holds the lock); stop it first" };

export const COMMANDS = [
  {
    name: "start",
    summary: "serve until SIGTERM or SIGINT",
    about: [
      "Starts the daemon in the foreground. Its log goes to stdout, one JSON object a line. SIGHUP opens its log files again; a second SIGTERM forces the stop.",
      "Under launchd or systemd a failed start waits 10 seconds before it leaves, so that it is not started again in a tight loop.",
    ],
    options: [],
    json: "the log, as without it; why it did not start is one JSON object on stderr",
    exits: {
      [EXIT.ok]: "stopped by a signal",
      [EXIT.failed]: "an unexpected error, logged",
      [EXIT.ioError]:
        "a write or fsync failed for another reason than a full disk; a new start goes on from what is safe",
      [EXIT.busy]: "another codexd holds the state directory, or the port is taken; the holder is named",
      ...config,
      ...usage,
    },
  },
  {
    name: "status",
    summary: "ask the running daemon how it is",
    about: [
      "Finds the daemon of this state directory, and its token, by itself. Changes nothing, and asks only what a `read` token may see.",
    ],
    options: [],
    json: "the document of `GET /v1/codexd/status`; when it does not run, `{status: down, reason, next}`",
    exits: {
      [EXIT.ok]: "it runs and is ready",
      [EXIT.failed]: "it runs and is not ready, or refused the question; the reasons are printed",
      [EXIT.unavailable]: "it does not run, or does not answer",
      ...config,
      ...usage,
    },
  },
  {
    name: "config",
    summary: "print every setting, its value and where it comes from",
    about: [
      "Reads the environment as `start` would, and starts nothing. Secrets are hidden; of the child's environment only the names are shown. Names beginning with BAA_CODEXD_ that codexd does not know are listed: they are mostly typing errors.",
    ],
    options: [],
    json: "`{settings: [{name, value, source, default, description, problem?}], childEnv, unknown, problems}`",
    exits: { [EXIT.ok]: "all settings are good", [EXIT.config]: "some are wrong; each is named", ...usage },
  },
  {
    name: "smoke",
    summary: "try everything once with a built-in stub child, in a scratch directory",
    about: [
      "Needs neither Codex nor a network, and touches nothing of a running daemon: start, session, turn, crash of the child, replay, stop.",
    ],
    options: [],
    json: "`{passed, steps, error?, files?}`",
    exits: { [EXIT.ok]: "passed", [EXIT.failed]: "failed; its files are kept and named", ...config, ...usage },
  },
  {
    name: "doctor",
    summary: "look at everything that codexd needs, and say what to do",
    about: [
      "Checks settings, policy, Codex (binary, version, the methods that codexd sends, asked of a short-lived child with a scratch CODEX_HOME), CODEX_HOME, modes of files, disk space, port, lock, the running daemon, log and checkpoints. Every finding is ok, warn or fail, and says the next step.",
      "It takes no lock, changes nothing and does not disturb a running daemon.",
    ],
    options: [{ name: "no-probe", summary: "do not start a child to ask Codex for its version and methods" }],
    json: "`{status, findings: [{check, status, message, next?, details?}]}`",
    exits: { [EXIT.ok]: "nothing failed", [EXIT.failed]: "something failed", ...usage },
  },
  {
    name: "log verify",
    summary: "read every byte of the event log and say what is damaged",
    about: ["Changes nothing; a running codexd need not stop for it."],
    options: [],
    json: "`{logId, records, segments, isClean, tornBytes, markedHead, damage: [{file, offset, fault}]}`",
    exits: { [EXIT.ok]: "the log is sound", [EXIT.failed]: "it is damaged", ...config, ...usage },
  },
  {
    name: "log tail",
    summary: "print events, of a running daemon or from the files of a stopped one",
    about: [
      "Without --after it begins 20 events before the end. Damaged places are skipped and named on stderr.",
      "--follow goes on over restarts of the daemon, until Ctrl-C.",
    ],
    options: [
      { name: "after", value: "<seq>", summary: "begin behind this event: <seq> or <logId>:<seq>; 0 = the oldest" },
      { name: "follow", summary: "wait for more" },
      { name: "session", value: "<id>", summary: "only events of this session" },
      { name: "types", value: "<list>", summary: "only these types, comma-separated; turn.* = all that begin so" },
    ],
    json: "one event a line, as the log has it",
    exits: {
      [EXIT.ok]: "done",
      [EXIT.failed]: "numbers are missing, or the daemon refused the question",
      ...config,
      ...usage,
    },
  },
  {
    name: "log salvage",
    summary: "set what is damaged aside and go on with all that can still be read",
    about: [
      "For a damaged log, and for a registry of which both generations are damaged. Damaged files move to logs/codexd/set-aside-<time>; nothing is deleted. Sessions, turns and approvals are rebuilt from the other checkpoints, from every record that is whole and from what Codex knows of its threads; the log goes on under its own id behind the last number that may have been seen.",
      "A turn of which it is no longer known whether it was forwarded is never sent to the model again: the next start settles it from Codex's history.",
    ],
    options: [{ name: "no-codex", summary: "do not start Codex to ask for its threads" }],
    json: "`{status: nothing|salvaged, setAside, files, log, sessions, turns, lost}`",
    exits: {
      [EXIT.ok]: "done, or nothing was damaged",
      [EXIT.failed]: "not done; what was set aside is named",
      ...busy,
      ...config,
      ...usage,
    },
  },
  {
    name: "log reset",
    summary: "set the log and what was derived from it aside; the next start begins anew",
    about: [
      "The log, the registries and the head mark move to logs/codexd/set-aside-<time>; nothing is deleted. Sessions are no longer listed; Codex still has their threads, which can be adopted by `threadId`. Try `log salvage` first.",
    ],
    options: [],
    json: "`{setAside, files}`",
    exits: { [EXIT.ok]: "done", [EXIT.failed]: "failed", ...busy, ...config, ...usage },
  },
  {
    name: "child reset",
    summary: "restart the Codex child of the running daemon now",
    about: [
      "Refused while turns are in progress; --force restarts it all the same, and they end as interrupted. Waits until the next child is ready. When the daemon does not run, the child that it left behind, if any, is ended by its recorded pid, start time and marker.",
    ],
    options: [{ name: "force", summary: "also while turns are in progress" }],
    json: "`{child, former}`, or for a stopped daemon `{former: {record, generation?, killed?}}`",
    exits: {
      [EXIT.ok]: "the new child is ready, or nothing is left of the former one",
      [EXIT.failed]: "refused, or the new child is not ready after 60 seconds; /readyz says why",
      [EXIT.unavailable]: "the daemon runs and does not answer",
      ...config,
      ...usage,
    },
  },
] as const satisfies readonly CommandDef[];

export type CommandName = (typeof COMMANDS)[number]["name"];

/** What every command takes. */
export const COMMON_OPTIONS: readonly OptionDef[] = [
  { name: "json", summary: "machine-readable output" },
  { name: "help", summary: "this text" },
];
