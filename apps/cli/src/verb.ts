import type { Context } from "./context.ts";
import type { ExitName } from "./exit-codes.ts";

/** A positional argument, as commander writes it: `<must>`, `[may]`, `[more...]`. */
export interface ArgumentDef {
  readonly name: string;
  readonly summary: string;
  readonly choices?: readonly string[];
}

/** An option, as commander writes it: `--all`, `-f, --follow`, `--cwd <dir>`, `--answer <text...>`, `--no-follow`. */
export interface OptionDef {
  readonly flags: string;
  readonly summary: string;
  readonly choices?: readonly string[];
  readonly default?: string | number | boolean;
  /** Turns the word into a value; throws CliError `usage` (see `usageError`). `former`: the value so far, when repeated. */
  readonly parse?: (word: string, former: unknown) => unknown;
}

/** Headings of `baa --help`. */
export const GROUPS = {
  talk: "Talk to Codex:",
  sessions: "Sessions and approvals:",
  browser: "The operator's Firefox:",
  operate: "Operate:",
} as const;

/** One verb: the only description of it. Parsing, `--help`, docs/reference/cli.md and completion are made from it. */
export interface VerbDef {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** Only for verbs of the first level. */
  readonly group?: keyof typeof GROUPS;
  /** A sentence without its period, in lower case. */
  readonly summary: string;
  /** Paragraphs for its own help. */
  readonly about?: readonly string[];
  readonly arguments?: readonly ArgumentDef[];
  readonly options?: readonly OptionDef[];
  /** What `--json` prints on stdout. */
  readonly json?: string;
  /** Exit codes with a meaning of their own here, beside those of the table. */
  readonly exits?: Partial<Readonly<Record<ExitName, string>>>;
  readonly examples?: readonly string[];
  /** Left out for a verb that only has others below it. */
  readonly run?: (context: Context, args: readonly unknown[], options: object) => Promise<ExitName>;
  readonly verbs?: readonly VerbDef[];
}

/** As `VerbDef`, with the types of what commander hands over: positional arguments in order, options in camelCase. */
export type TypedVerb<A extends readonly unknown[], O extends object> = Omit<VerbDef, "run"> & {
  readonly run: (context: Context, args: A, options: O) => Promise<ExitName>;
};

/** Writes down a verb that does something. */
export const verb = <A extends readonly unknown[], O extends object>(def: TypedVerb<A, O>): VerbDef => ({
  ...def,
  // Commander hands over what the definition's own arguments and options say.
  run: (context, args, options) => def.run(context, args as unknown as A, options as O),
});
