import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { isAddress, VERSION } from "./config.ts";
import { Context, type Input } from "./context.ts";
import { CliError, usageError } from "./errors.ts";
import { EXITS, exitLines, type ExitName } from "./exit-codes.ts";
import { failureOf } from "./failure.ts";
import { Interrupts } from "./interrupts.ts";
import { Output, type TextStream } from "./output/output.ts";
import { GROUPS, type OptionDef, type VerbDef } from "./verb.ts";

/** What the process gives: streams, and the one way out. */
export interface Process {
  readonly stdin: Input;
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly cwd: string;
  /** NO_COLOR and TERM have been looked at. */
  readonly mayColour: boolean;
  /** Leaves at once. */
  readonly leave: (code: number) => void;
  /** Called with what takes Ctrl-C and SIGTERM. */
  readonly onSignals: (interrupts: Interrupts) => void;
}

/** What every verb takes; docs and completion list them, too. */
export const COMMON_OPTIONS: readonly OptionDef[] = [
  { flags: "--json", summary: "for programs: one JSON document, or one JSON object a line" },
  {
    flags: "--api <url>",
    summary: "the service's address, conductor's or codexd's, and no other place",
    parse: (url) => {
      if (isAddress(url)) return url;
      throw usageError("it must be http:// or https:// with a host, and no credentials, query or fragment");
    },
  },
  { flags: "--token-file <path>", summary: "the file (0600) with the token for it" },
];

/** A verb that commander has parsed: what it is to do, still to be run. */
type Run = (context: Context) => Promise<ExitName>;

/** Runs one command line to its end. Resolves with the exit code; never rejects. */
export const main = async (argv: readonly string[], verbs: readonly VerbDef[], p: Process): Promise<number> => {
  const json = asksJson(argv);
  const out = new Output({ stdout: p.stdout, stderr: p.stderr, json, mayColour: p.mayColour });
  const interrupts = new Interrupts(() => p.leave(EXITS.stopped.code));
  let chosen: { run: Run; flags: object; words: string } | undefined;
  const help: string[] = [];
  const program = createProgram(verbs, {
    onVerb: (run, command) => (chosen = { run, flags: command.optsWithGlobals(), words: wordsOf(command) }),
    writeOut: (text) => void help.push(text),
  });
  try {
    if (asksVersion(argv)) {
      await out.result({ version: VERSION }, [VERSION]);
      return EXITS.ok.code;
    }
    await program.parseAsync(argv.length === 0 ? ["--help"] : [...argv], { from: "user" });
  } catch (error) {
    if (help.length > 0) await out.result({ help: help.join("") }, [help.join("").trimEnd()]);
    return parseFailure(out, error);
  }
  if (chosen === undefined) return EXITS.ok.code;
  p.onSignals(interrupts);
  const context = new Context({ out, stdin: p.stdin, interrupts, flags: chosen.flags, cwd: p.cwd });
  try {
    return EXITS[await chosen.run(context)].code;
  } catch (error) {
    const failure = await failureOf(await context.explain(error), interrupts.signal);
    if (failure.exit !== "stopped" || out.json) out.error(`baa ${chosen.words}`, failure);
    return EXITS[failure.exit].code;
  } finally {
    await context.close();
  }
};

interface ProgramOptions {
  /** Told which verb was asked for. */
  readonly onVerb: (run: Run, command: Command) => void;
  /** Where help goes. What was wrong is thrown as CommanderError. */
  readonly writeOut: (text: string) => void;
}

/** The parser made from the verbs. */
const createProgram = (verbs: readonly VerbDef[], o: ProgramOptions): Command => {
  const program = new Command("baa")
    .configureOutput({ writeOut: o.writeOut, writeErr: () => undefined })
    .description("The hands of the operator of baa-conductor: Codex on this machine, in one command.")
    .usage("[options] <verb> [...]")
    .version(VERSION, "-V, --version", "print the version of baa")
    .helpOption("-h, --help", "this text; after a verb, that verb's")
    .helpCommand("help [verb]", "the same")
    // An option belongs to the verb before it: `sessions --cwd` and `sessions fork --cwd` are two things.
    .enablePositionalOptions()
    .addHelpText("after", () => `\nExit codes:\n${exitLines().join("\n")}`)
    .exitOverride();
  addCommonOptions(program);
  for (const def of verbs) addVerb(program, def, o.onVerb);
  return program;
};

const addVerb = (parent: Command, def: VerbDef, onVerb: ProgramOptions["onVerb"]): void => {
  const command = parent
    .command(def.name)
    .summary(def.summary)
    .description(aboutOf(def))
    .aliases(def.aliases ?? []);
  if (def.group !== undefined) command.helpGroup(GROUPS[def.group]);
  for (const { name, summary, choices } of def.arguments ?? []) {
    const argument = new Argument(name, summary);
    command.addArgument(choices === undefined ? argument : argument.choices(choices));
  }
  for (const option of def.options ?? []) command.addOption(optionOf(option));
  addCommonOptions(command);
  command.addHelpText("after", () => tailOf(def));
  const { run } = def;
  if (run !== undefined) {
    command.action((...all: unknown[]) => {
      // Commander's arguments: the positional ones, the options, the command.
      const [options, last] = all.slice(-2) as [object, Command];
      onVerb((context) => run(context, all.slice(0, -2), options), last);
    });
  }
  for (const child of def.verbs ?? []) addVerb(command, child, onVerb);
};

const addCommonOptions = (command: Command): void => {
  for (const option of COMMON_OPTIONS) command.addOption(optionOf(option).helpGroup("Common options:"));
};

const optionOf = ({ flags, summary, choices, parse, ...rest }: OptionDef): Option => {
  const option = new Option(flags, summary);
  if (choices !== undefined) option.choices(choices);
  if (parse !== undefined) option.argParser((word, former: unknown) => parsed(() => parse(word, former)));
  if (rest.default !== undefined) option.default(rest.default);
  return option;
};

/** Commander says which option it was. */
const parsed = (parse: () => unknown): unknown => {
  try {
    return parse();
  } catch (error) {
    throw error instanceof CliError ? new InvalidArgumentError(error.message) : error;
  }
};

const aboutOf = ({ summary, about = [] }: VerbDef): string =>
  [`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`, ...about].join("\n\n");

const tailOf = ({ json, exits, examples }: VerbDef): string => {
  const parts: string[] = [];
  if (json !== undefined) parts.push(`With --json: ${json}.`);
  if (examples !== undefined) parts.push(["Examples:", ...examples.map((line) => `  ${line}`)].join("\n"));
  const named = Object.entries(exits ?? {}).map(
    ([name, meaning]) => `  ${String(EXITS[name as ExitName].code).padStart(3)}  ${meaning}`,
  );
  if (named.length > 0) parts.push(["Exit codes (more: baa --help):", ...named].join("\n"));
  return parts.map((part) => `\n${part}`).join("\n");
};

/** `sessions show`, without `baa`. */
const wordsOf = (command: Command): string =>
  command.parent === null ? "" : `${wordsOf(command.parent)} ${command.name()}`.trim();

/** Before anything is parsed: also why parsing failed is said in JSON. */
const asksJson = (argv: readonly string[]): boolean => {
  const end = argv.indexOf("--");
  return (end < 0 ? argv : argv.slice(0, end)).includes("--json");
};

const asksVersion = (argv: readonly string[]): boolean => {
  const words = argv.filter((word) => word !== "--json");
  return words.length === 1 && (words[0] === "--version" || words[0] === "-V");
};

const parseFailure = (out: Output, error: unknown): number => {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXITS.ok.code;
    const message =
      error.message === "(outputHelp)" ? "no such verb, or a verb is missing" : error.message.replace(/^error: /, "");
    out.error("baa", { code: "usage", message: `${message.replace(/\.$/, "")}. See baa --help.` });
    return EXITS.usage.code;
  }
  if (!(error instanceof CliError)) throw error;
  out.error("baa", error);
  return EXITS[error.exit].code;
};
