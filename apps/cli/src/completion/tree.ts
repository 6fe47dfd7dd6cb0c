import type { OptionDef, VerbDef } from "../verb.ts";

/** What follows an option: nothing, one of some words, a file or directory, or something nobody can guess. */
export type ValueKind =
  | { readonly kind: "none" }
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "file" | "directory" | "other" };

export interface CompletedOption {
  /** As they are typed: `-f`, `--follow`. */
  readonly names: readonly string[];
  readonly value: ValueKind;
  readonly summary: string;
}

/** A place in the command line: after which verbs, and what can come there. */
export interface CompletedVerb {
  /** ` sessions show`, each verb with a blank before it; empty at the beginning. */
  readonly at: string;
  readonly summary: string;
  readonly verbs: readonly { readonly name: string; readonly summary: string }[];
  /** The same place by other names of the verb. */
  readonly aliases: readonly string[];
  readonly options: readonly CompletedOption[];
  /** What its first argument is one of. */
  readonly words: readonly string[];
}

/** Every place in the command line, made from the definitions of the verbs. */
export const completionTree = (verbs: readonly VerbDef[], common: readonly OptionDef[]): CompletedVerb[] => {
  const everywhere = [...common.map(completedOption), HELP];
  const root: CompletedVerb = {
    at: "",
    summary: "",
    verbs: [...verbs.map(nameAndSummary), { name: "help", summary: "help for a verb" }],
    aliases: [],
    options: [...everywhere, VERSION],
    words: [],
  };
  return [root, ...verbs.flatMap((verb) => places(verb, "", everywhere))];
};

const HELP: CompletedOption = { names: ["-h", "--help"], value: { kind: "none" }, summary: "help" };
const VERSION: CompletedOption = {
  names: ["-V", "--version"],
  value: { kind: "none" },
  summary: "print the version of baa",
};

const places = (verb: VerbDef, parent: string, everywhere: readonly CompletedOption[]): CompletedVerb[] => {
  const at = `${parent} ${verb.name}`;
  const own: CompletedVerb = {
    at,
    summary: verb.summary,
    verbs: (verb.verbs ?? []).map(nameAndSummary),
    aliases: (verb.aliases ?? []).map((alias) => `${parent} ${alias}`),
    options: [...(verb.options ?? []).map(completedOption), ...everywhere],
    words: verb.arguments?.[0]?.choices ?? [],
  };
  return [own, ...(verb.verbs ?? []).flatMap((child) => places(child, at, everywhere))];
};

const nameAndSummary = ({ name, summary }: VerbDef): { name: string; summary: string } => ({ name, summary });

const completedOption = ({ flags, summary, choices }: OptionDef): CompletedOption => ({
  names: flags.split(/[ ,|]+/).filter((word) => word.startsWith("-")),
  value: valueOf(flags, choices),
  summary,
});

/** The placeholder says what it is: `--cwd <dir>`, `--token-file <path>`. */
const valueOf = (flags: string, choices: readonly string[] | undefined): ValueKind => {
  const placeholder = /[<[]([^>\].]+)/.exec(flags)?.[1];
  if (placeholder === undefined) return { kind: "none" };
  if (choices !== undefined) return { kind: "words", words: choices };
  if (placeholder === "dir") return { kind: "directory" };
  return placeholder === "path" || placeholder === "file" ? { kind: "file" } : { kind: "other" };
};

/** Words that lead on, `<where> <word>` by every name, and where to. */
export const stepsOf = (tree: readonly CompletedVerb[]): { readonly words: readonly string[]; readonly to: string }[] =>
  tree.filter(({ at }) => at !== "").map(({ at, aliases }) => ({ words: [at, ...aliases], to: at }));

/** Options that take a value, `<where> <option>` by every name, and what the value is. */
export const takersOf = (
  tree: readonly CompletedVerb[],
): { readonly words: readonly string[]; readonly value: Exclude<ValueKind, { kind: "none" }> }[] =>
  tree.flatMap(({ at, options }) =>
    options.flatMap(({ names, value }) =>
      value.kind === "none" ? [] : [{ words: names.map((name) => `${at} ${name}`), value }],
    ),
  );
