import { code, page, table, type Page } from "./markdown.ts";

/** One variable as a daemon's `config.ts` lists it. */
interface EnvVariable {
  readonly name: string;
  readonly default?: string | number | undefined;
  readonly description: string;
}

const shown = (value: EnvVariable["default"]): string => {
  if (value === undefined || value === "") return "none";
  // Some defaults are words ("the working directory"), not values.
  return String(value).includes(" ") ? String(value) : code(value);
};

/** docs/reference/env.md from the tables of the programs' `config.ts`. */
export const envPage = (daemons: Readonly<Record<string, readonly EnvVariable[]>>): Page =>
  page("docs/reference/env.md", "Environment variables", [
    "Each variable is read once at start, by `config.ts` of its program. A wrong value ends the program with exit code 78 and a message that names every problem. An empty value counts as not set.",
    ...Object.entries(daemons).flatMap(([daemon, variables]) => [
      `## ${daemon}`,
      table(
        ["variable", "default", "what"],
        variables.map((variable) => [code(variable.name), shown(variable.default), variable.description]),
      ),
    ]),
  ]);
