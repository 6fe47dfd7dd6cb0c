import type { OptionValues } from "./parse-command.ts";

/** What index.ts gives to a command: how it speaks, and the one way out. */
export interface CliContext {
  readonly options: OptionValues;
  /** Whether the output is for a program. */
  readonly json: boolean;
  /** A line on stdout. */
  readonly print: (text: string) => void;
  /** A line on stderr. */
  readonly printError: (text: string) => void;
  /** Leaves at once. Only for `start`, which has no other end; the others return their exit code. */
  readonly exit: (code: number) => void;
}

/** A command: resolves with its exit code, or with nothing when the process is to go on (`start`). */
export type Command = (cli: CliContext) => Promise<number | undefined>;

/** One result: the value for a program, else the lines for people. */
export const printResult = (cli: CliContext, value: unknown, lines: readonly string[]): void => {
  if (cli.json) cli.print(JSON.stringify(value, undefined, 2));
  else for (const line of lines) cli.print(line);
};
