import { type CommandDef, COMMANDS, COMMON_OPTIONS, type OptionDef } from "./command-table.ts";

const PROGRAM = "node apps/codexd/dist/index.js";

/** Text of `--help`: of everything, of the commands that begin with a word, or of one command. */
export const helpText = (topic: readonly CommandDef[]): string => {
  const [only, ...more] = topic;
  if (only === undefined) return overview(COMMANDS, TAIL);
  return more.length === 0 ? commandHelp(only) : overview(topic, []);
};

const TAIL = [
  "  <command> --help | help <command>   more about one",
  "  --version                           version of codexd",
  "",
  "Every command takes --json. Settings come from the environment (`config` prints them; docs/reference/env.md), among them",
  "  BAA_CODEXD_LOCAL_API_BASE   where it listens, loopback only (default http://127.0.0.1:4319)",
  "  BAA_CODEXD_SERVER_COMMAND   Codex (default codex)",
  "  BAA_STATE_DIR, BAA_LOGS_DIR runtime root (default ./state and ./logs)",
  "  CODEX_HOME                  Codex's own directory (default ~/.codex)",
  "",
  "Exit codes:",
  "  0 done   1 failed   64 wrong usage   69 not running   74 storage failed   75 lock or port busy   78 configuration",
];

const overview = (commands: readonly CommandDef[], tail: readonly string[]): string =>
  [
    "codexd - runs one Codex app-server as a service on this machine",
    "",
    `Usage: ${PROGRAM} <command> [options]`,
    "",
    ...columns(commands.map(({ name, summary }) => [name, summary])),
    ...tail,
  ].join("\n");

const commandHelp = (command: CommandDef): string =>
  [
    `codexd ${command.name} - ${command.summary}`,
    "",
    `Usage: ${PROGRAM} ${command.name} [options]`,
    "",
    ...command.about.flatMap((paragraph) => [...wrap(paragraph), ""]),
    "Options:",
    ...columns([...command.options, ...COMMON_OPTIONS].map((option) => [flag(option), option.summary])),
    "",
    ...wrap(`With --json: ${command.json.replaceAll("`", "")}`),
    "",
    "Exit codes:",
    ...columns(Object.entries(command.exits)),
  ].join("\n");

/** `--after <seq>` */
export const flag = ({ name, value }: OptionDef): string => `--${name}${value === undefined ? "" : ` ${value}`}`;

const columns = (rows: readonly (readonly [string, string])[]): string[] => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}   ${right}`);
};

const WIDTH = 100;

const wrap = (text: string): string[] => {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) as string;
    if (line !== "" && line.length + word.length >= WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
};
