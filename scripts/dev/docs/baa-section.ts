import { COMMON_OPTIONS } from "../../../apps/cli/src/cli.ts";
import { VERBS } from "../../../apps/cli/src/commands/index.ts";
import { EXITS, type ExitName } from "../../../apps/cli/src/exit-codes.ts";
import { GROUPS, type OptionDef, type VerbDef } from "../../../apps/cli/src/verb.ts";
import { code, plain, table } from "./markdown.ts";

const anchor = (words: string): string => `#${words.replaceAll(" ", "-")}`;

const optionRows = (options: readonly OptionDef[]): string[][] =>
  options.map(({ flags, summary, choices, default: value }) => {
    const more = [
      choices === undefined ? undefined : choices.map(code).join(", "),
      value === undefined ? undefined : `default ${code(String(value))}`,
    ].filter((text) => text !== undefined);
    return [code(flags), [plain(summary), ...more].join("; ")];
  });

/** `baa ask [options] [prompt...]` */
const usage = (words: string, { options = [], arguments: args = [] }: VerbDef): string =>
  [words, ...(options.length > 0 ? ["[options]"] : []), ...args.map(({ name }) => name)].join(" ");

/** A verb and those below it. */
const verbParts = (def: VerbDef, parent: string): string[] => {
  const words = `${parent} ${def.name}`;
  const { arguments: args = [], options = [], exits = {}, examples = [], about = [], verbs = [] } = def;
  const own =
    def.run === undefined
      ? []
      : [
          code(usage(words, def)),
          ...(args.length === 0
            ? []
            : [
                table(
                  ["argument", "what"],
                  args.map((arg) => [code(arg.name), plain(arg.summary)]),
                ),
              ]),
          ...(options.length === 0 ? [] : [table(["option", "what"], optionRows(options))]),
          ...(def.json === undefined ? [] : [`With ${code("--json")}: ${plain(def.json)}.`]),
          ...(Object.keys(exits).length === 0
            ? []
            : [
                table(
                  ["exit", "when"],
                  Object.entries(exits).map(([name, meaning]) => [
                    String(EXITS[name as ExitName].code),
                    plain(meaning),
                  ]),
                ),
              ]),
          ...(examples.length === 0 ? [] : [["```bash", ...examples, "```"].join("\n")]),
        ];
  return [
    `### ${words}`,
    `${def.summary.charAt(0).toUpperCase()}${plain(def.summary.slice(1))}.`,
    ...about.map(plain),
    ...own,
    ...verbs.flatMap((child) => verbParts(child, words)),
  ];
};

/** The part of docs/reference/cli.md about `baa`, from the table that also makes its parser, help and completion. */
export const baaSection = (): string[] => [
  "## baa",
  `${code("scripts/baa <verb>")} in a checkout or release; what it is for: [baa.md](../runtime/baa.md). Results go to stdout, everything else to stderr. With ${code("--json")} stdout has one JSON document, or one JSON object a line where it says so, and stderr one object for each note (${code('{"note"}')}), warning (${code('{"warning": {"code", "message"}}')}) and error (${code('{"error": {"code"?, "message"}}')}). Settings come from the environment: [env.md](env.md).`,
  table(
    ["verb", "what"],
    Object.keys(GROUPS).flatMap((group) =>
      VERBS.filter((def) => def.group === group).map((def) => [
        `[${code(def.name)}](${anchor(`baa ${def.name}`)})`,
        plain(def.summary),
      ]),
    ),
  ),
  "Options of all of them:",
  table(["option", "what"], optionRows(COMMON_OPTIONS)),
  "Exit codes of all of them; a verb that lists some says what they mean there:",
  table(
    ["exit", "meaning"],
    Object.values(EXITS).map(({ code: exit, meaning }) => [String(exit), meaning]),
  ),
  ...VERBS.flatMap((def) => verbParts(def, "baa")),
];
