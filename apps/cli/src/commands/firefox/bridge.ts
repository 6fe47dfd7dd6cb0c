import { usageError } from "../../errors.ts";
import { AFTER, wholeNumber } from "../../options.ts";
import { verb, type VerbDef } from "../../verb.ts";
import {
  CLIENT,
  SITE,
  COMMAND,
  type ClientOption,
  type PairOptions,
  type EventsOptions,
  type CommandsOptions,
  type PolicyOptions,
} from "./options.ts";

const loadSites = () => import("../../firefox/sites.ts");
const loadCommands = () => import("../../firefox/commands.ts");
// As literals: the contracts are not loaded before a verb runs.
const STATES = ["queued", "sent", "running", "completed", "failed", "cancelled", "expired", "interrupted"];
const COMMANDS_SHOWN = 20;

const pair = verb<[], PairOptions>({
  name: "pair",
  summary: "open the door for one browser, and show the code for it",
  about: [
    "The code is typed into the popup of the extension. It holds two minutes, for one browser and five tries, and is kept nowhere in plain. Then it waits until the browser is there, and says which.",
  ],
  options: [
    { flags: "--name <name>", summary: "how the browser is called in lists" },
    { flags: "--no-wait", summary: "only show the code" },
  ],
  json: "`{pairing}` with the code, then `{client}`, a line each",
  exits: { tryLater: "no browser came in time, or too many wrong codes were typed" },
  examples: ["baa firefox pair --name work"],
  run: async (context, _args, options) => (await import("../../firefox/pair.ts")).pair(context, options),
});

const pairings: VerbDef = {
  ...verb<[], object>({
    name: "pairings",
    summary: "the pairings that are open, without their codes",
    json: "`{pairings}`",
    run: async (context) => (await import("../../firefox/pairings.ts")).list(context),
  }),
  verbs: [
    verb<[string], object>({
      name: "close",
      summary: "close one that nobody came through, such as that of a policies.json that was thrown away",
      arguments: [{ name: "<pairing>", summary: "its id; the beginning or end will do when no other has it" }],
      json: "`{pairing}`",
      run: async (context, [id]) => (await import("../../firefox/pairings.ts")).close(context, id),
    }),
  ],
};

const clients = verb<[], object>({
  name: "clients",
  summary: "the paired browsers, and whether they are connected",
  json: "`{clients}`, each with its tabs",
  run: async (context) => (await import("../../firefox/clients.ts")).list(context),
});

const revoke = verb<[string], object>({
  name: "revoke",
  summary: "end the pairing of a browser",
  about: ["Its key opens nothing any more, and its connection is closed at once. What it had not done yet is ended."],
  arguments: [{ name: "<browser>", summary: "its name or id, or the beginning of it" }],
  json: "`{client}`",
  run: async (context, [given]) => (await import("../../firefox/clients.ts")).revoke(context, given),
});

const events = verb<[], EventsOptions>({
  name: "events",
  summary: "what the user sends from the browser, and what the bridge tells",
  about: [
    "What there is, then it leaves; with --follow what comes, until Ctrl-C, over restarts of conductor. The pieces of answers are shown with --json, or when --types names them.",
  ],
  options: [
    { flags: "-f, --follow", summary: "what comes from now on (with --after: from there)" },
    AFTER,
    { flags: "--types <list>", summary: "only these, comma-separated; firefox.command.* = all that begin so" },
  ],
  json: "one event a line, as conductor has it",
  exits: { ok: "all that was asked for, or left by Ctrl-C" },
  examples: ["baa firefox events -f --types firefox.page.sent,firefox.selection.sent --json"],
  run: async (context, _args, options) => (await import("../../firefox/events.ts")).show(context, options),
});

const listSites = (name: string): VerbDef =>
  verb<[], ClientOption>({
    name,
    summary: "what is allowed on which site, and where the user is logged in",
    about: [
      "A browser does nothing on a site that is not allowed for it, and tells no address and no title of it. Whatever asks for one leaves it here as asked.",
    ],
    options: [CLIENT],
    json: "`{sites}`",
    run: async (context, _args, options) => (await loadSites()).list(context, options),
  });

const setSite = (name: string, access: "allowed" | "denied" | "forget", summary: string): VerbDef =>
  verb<[string], ClientOption>({
    name,
    summary,
    arguments: [SITE],
    options: [CLIENT],
    json: "`{sites}`",
    run: async (context, [site], options) => (await loadSites()).set(context, site, { ...options, access }),
  });

const sites: VerbDef = {
  ...listSites("sites"),
  verbs: [
    listSites("list"),
    setSite("allow", "allowed", "let a browser work on a site, with whatever its user is logged in as there"),
    setSite("deny", "denied", "keep a browser off a site"),
    setSite("forget", "forget", "take back what was decided about a site"),
  ],
};

const commands: VerbDef = {
  ...verb<[], CommandsOptions>({
    name: "commands",
    summary: "what browsers were asked, by whom, and what came of it",
    options: [
      CLIENT,
      { flags: "--state <state>", summary: "only these", choices: STATES },
      { flags: "--limit <n>", summary: "how many at most", default: COMMANDS_SHOWN, parse: wholeNumber(1, 500) },
    ],
    json: "`{commands, nextCursor}`",
    run: async (context, _args, options) => (await loadCommands()).list(context, options),
  }),
  verbs: [
    verb<[string], object>({
      name: "show",
      summary: "one command",
      arguments: [COMMAND],
      json: "`{command}`",
      run: async (context, [id]) => (await loadCommands()).show(context, id),
    }),
    verb<[string], object>({
      name: "cancel",
      summary: "ask for its end; what it has already done stays done",
      arguments: [COMMAND],
      json: "`{command}`",
      run: async (context, [id]) => (await loadCommands()).cancel(context, id),
    }),
  ],
};

const policy = verb<[], PolicyOptions>({
  name: "policy",
  summary: "write the policies.json that installs the extension in Firefox ESR and pairs it by itself",
  about: [
    "Opens a pairing for it and puts three things into the file: the preference that lets ESR install what Mozilla has not signed, the extension to install, and its address with the code of the pairing. What else a policies.json holds stays, and the former file is kept beside it; one that cannot be parsed is left alone.",
    "Every user of the machine can read that file. So the code in it works once, within a week, and only for the extension that used it first; the key that it is exchanged for is never in a file that others can read.",
    "Without --output and --install it goes to stdout. It never calls sudo: where it may not write, it says what to run.",
  ],
  options: [
    { flags: "--name <name>", summary: "how the browser is called in lists" },
    { flags: "--xpi <file>", summary: "the extension (default: the one beside this program)" },
    {
      flags: "--url <url>",
      summary: "where the extension dials (default: where conductor answers now)",
      parse: socketUrl,
    },
    { flags: "-o, --output <file>", summary: "write it there" },
    {
      flags: "--install",
      summary: "write it to /etc/firefox/policies, on macOS into the only Firefox that is installed",
    },
  ],
  json: "the policies.json; with --output or --install `{file, backup?}`",
  exits: { ioError: "the file there cannot be parsed, the .xpi is missing, or it could not be written" },
  examples: ["baa firefox policy --name mini --install"],
  run: async (context, _args, options) => (await import("../../firefox/policy.ts")).policy(context, options),
});

function socketUrl(word: string): string {
  const url = URL.canParse(word) ? new URL(word) : undefined;
  const isPlain = url !== undefined && url.username === "" && url.password === "" && url.search === "";
  if (isPlain && (url.protocol === "ws:" || url.protocol === "wss:")) return word;
  throw usageError("it must be ws:// or wss:// with a host, and no credentials or query");
}

/** Who may connect and what they may use. */
export const PAIRING_VERBS: readonly VerbDef[] = [pair, pairings, clients, revoke, sites];
/** What was done, and the way without a hand. */
export const RECORD_VERBS: readonly VerbDef[] = [events, commands, policy];
