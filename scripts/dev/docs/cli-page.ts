import { type CommandDef, COMMANDS, COMMON_OPTIONS } from "../../../apps/codexd/src/cli/command-table.ts";
import { flag } from "../../../apps/codexd/src/cli/help.ts";
import { EXIT } from "../../../packages/process/src/index.ts";
import { baaSection } from "./baa-section.ts";
import { code, page, plain, table, type Page } from "./markdown.ts";

const MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: "done, or well",
  failed: "failed, or not well; the message says what",
  usage: "the command line is wrong; the message names the word",
  unavailable: "the daemon does not run, or does not answer",
  ioError: "the disk failed us",
  busy: "the lock or the port is held by somebody else; the holder is named",
  config: "a setting, or the mode or owner of a file, is wrong; starting again without a change is useless",
};

const section = (command: CommandDef): string[] => [
  `### codexd ${command.name}`,
  `${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`,
  ...command.about.map(plain),
  ...(command.options.length === 0
    ? []
    : [
        table(
          ["option", "what"],
          command.options.map((option) => [code(flag(option)), plain(option.summary)]),
        ),
      ]),
  `With ${code("--json")}: ${command.json}.`,
  table(["exit", "when"], Object.entries(command.exits)),
];

/** docs/reference/cli.md from the tables that also make `--help`. */
export const cliPage = (): Page =>
  page("docs/reference/cli.md", "Command lines", [
    "Of [`baa`](#baa), for people and scripts, and of [codexd](#codexd), for its operator.",
    ...baaSection(),
    "## codexd",
    '`node apps/codexd/dist/index.js <command>`. Every command takes `--json` (one document on stdout; an error is `{"error": {"code"?, "message"}}` on stderr) and `--help`; `help <command>` is the same. `--version` prints the version. Settings come from the environment: [env.md](env.md).',
    table(
      ["command", "what"],
      COMMANDS.map(({ name, summary }) => [`[${code(name)}](#codexd-${name.replaceAll(" ", "-")})`, summary]),
    ),
    "Exit codes of all of them:",
    table(
      ["exit", "meaning"],
      Object.entries(EXIT).map(([name, value]) => [String(value), MEANINGS[name as keyof typeof EXIT]]),
    ),
    `Options of all of them: ${COMMON_OPTIONS.map(({ name, summary }) => `${code(`--${name}`)} (${summary})`).join(", ")}.`,
    ...COMMANDS.flatMap(section),
  ]);
