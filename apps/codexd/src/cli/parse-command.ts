import { parseArgs } from "node:util";
import { type CommandDef, COMMANDS, COMMON_OPTIONS } from "./command-table.ts";

export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;

/** What a command line asks for. `topic` = a command, or the first word of some. */
export type ParsedCommand =
  | { readonly kind: "run"; readonly command: CommandDef; readonly options: OptionValues }
  | { readonly kind: "help"; readonly topic: readonly CommandDef[]; readonly json: boolean }
  | { readonly kind: "version"; readonly json: boolean }
  | { readonly kind: "wrong"; readonly message: string; readonly topic: readonly CommandDef[]; readonly json: boolean };

/** Reads the command line by the table. Pure; never throws. */
export const parseCommand = (argv: readonly string[]): ParsedCommand => {
  const json = argv.includes("--json");
  const words = argv.filter((arg) => !["--json", "--help", "-h"].includes(arg));
  const asksHelp = argv.length === 0 || words[0] === "help" || argv.includes("--help") || argv.includes("-h");
  if (words[0] === "--version") return versionOf(words, json);
  const named = words[0] === "help" ? words.slice(1) : words;
  const found = findCommand(named);
  const isKnown = found.command !== undefined || (found.topic.length > 0 && named.length === 1);
  if (asksHelp && (named.length === 0 || isKnown)) return { kind: "help", topic: found.topic, json };
  if (found.command === undefined) return { kind: "wrong", message: unknownMessage(named), topic: found.topic, json };
  return withOptions(found.command, words.slice(found.command.name.split(" ").length), json);
};

const versionOf = (words: readonly string[], json: boolean): ParsedCommand =>
  words.length === 1
    ? { kind: "version", json }
    : { kind: "wrong", message: `--version takes no arguments, but got ${words[1]}`, topic: [], json };

/** The command that the first words name, and those that begin with the first word. */
const findCommand = (words: readonly string[]): { command?: CommandDef; topic: readonly CommandDef[] } => {
  const command = COMMANDS.find(({ name }) => [words[0], words.slice(0, 2).join(" ")].includes(name));
  if (command) return { command, topic: [command] };
  return { topic: groupOf(words[0]) };
};

const groupOf = (word: string | undefined): CommandDef[] => COMMANDS.filter(({ name }) => name.startsWith(`${word} `));

const unknownMessage = (words: readonly string[]): string => {
  const group = groupOf(words[0]).map(({ name }) => name);
  if (words.length === 0) return "no command";
  if (group.length > 0 && words.length === 1) return `codexd ${words[0]} needs one more word: ${group.join(", ")}`;
  return `unknown command: ${words.slice(0, group.length > 0 ? 2 : 1).join(" ")}`;
};

const withOptions = (command: CommandDef, args: readonly string[], json: boolean): ParsedCommand => {
  const options = Object.fromEntries(
    [...command.options, ...COMMON_OPTIONS].map((option) => [
      option.name,
      { type: "value" in option && option.value !== undefined ? ("string" as const) : ("boolean" as const) },
    ]),
  );
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    return { kind: "run", command, options: { ...values, json } };
  } catch (error) {
    return { kind: "wrong", message: describe(command, error), topic: [command], json };
  }
};

/** Node's own messages name the option; a hint of theirs about positionals would mislead. */
const describe = (command: CommandDef, error: unknown): string => {
  const { code, message } = error as { code?: string; message: string };
  const first = message.split(/\.\s|\n/)[0] ?? message;
  const quoted = /'([^']*)'/.exec(message)?.[1] ?? "";
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") return `codexd ${command.name}: unknown option: ${quoted}`;
  if (code === "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL") return `codexd ${command.name}: unexpected argument: ${quoted}`;
  return `codexd ${command.name}: ${first}`;
};
