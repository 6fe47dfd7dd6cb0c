// Commands, options and variables that bash 3.2 does not know. It says so at run time only, or not at all.
import { commandsOf, wordPattern } from "../shell-tree.mjs";

const isCall = (node) => node.Type === "CallExpr";
const isDeclaration = (node) => node.Type === "DeclClause";

const declarationOptions = (node) =>
  (node.Args ?? [])
    .filter((arg) => arg.Naked && arg.Value !== undefined)
    .map((arg) => wordPattern(arg.Value))
    .filter((word) => word.startsWith("-"));

const declares = (letters) => (node) =>
  isDeclaration(node) && declarationOptions(node).some((word) => new RegExp(`[${letters}]`).test(word));

/** A rule on commands: does any command of the call match? */
const command = (matches) => (node) => isCall(node) && commandsOf(node).some(({ name, words }) => matches(name, words));

const NEW_VARIABLES = new Set(
  "BASHPID EPOCHSECONDS EPOCHREALTIME SRANDOM BASH_ARGV0 BASH_XTRACEFD PROMPT_DIRTRIM COPROC MAPFILE".split(" "),
);
const NEW_SHOPTS = new Set(
  "globstar lastpipe inherit_errexit autocd checkjobs dirspell direxpand globasciiranges localvar_inherit".split(" "),
);

const hasOption = (words, letters) => words.some((word) => new RegExp(`^-\\w*[${letters}]`).test(word));

export const WORD_RULES = [
  { id: "associative-array", why: "bash 3.2 has no associative arrays", matches: declares("A") },
  {
    id: "nameref",
    why: "bash 3.2 has no namerefs",
    matches: (node) => node.Variant?.Value !== "export" && declares("n")(node),
  },
  { id: "declare-option", why: "bash 3.2's declare knows no -g, -l, -u, -c", matches: declares("gluc") },
  {
    id: "local-dash",
    why: "bash 3.2 has no `local -`",
    matches: (node) => isDeclaration(node) && declarationOptions(node).includes("-"),
  },
  {
    id: "mapfile",
    why: "bash 3.2 has no mapfile and no readarray; use while read",
    matches: command((name) => name === "mapfile" || name === "readarray"),
  },
  {
    id: "wait-option",
    why: "bash 3.2's wait takes no options",
    matches: command((name, words) => name === "wait" && hasOption(words, "nfp")),
  },
  {
    id: "printf-time",
    why: "bash 3.2's printf has no %(...)T",
    matches: command((name, words) => name === "printf" && words.some((word) => /%\([^)]*\)T/.test(word))),
  },
  {
    id: "printf-into-element",
    why: "bash 3.2's printf -v takes no array element",
    matches: command((name, words) => name === "printf" && words[0] === "-v" && (words[1] ?? "").includes("[")),
  },
  {
    id: "read-option",
    why: "bash 3.2's read knows no -N, no -i and no fractions of a second",
    matches: command(
      (name, words) =>
        name === "read" &&
        (hasOption(words, "Ni") || words.some((word, at) => /^\d*\.\d/.test(word) && words[at - 1]?.endsWith("t"))),
    ),
  },
  {
    id: "shopt-option",
    why: "bash 3.2 does not know this shell option",
    matches: command((name, words) => name === "shopt" && words.some((word) => NEW_SHOPTS.has(word))),
  },
  {
    id: "test-variable",
    why: 'bash 3.2 has no -v and -R tests; use [[ -n "${x+set}" ]]',
    matches: (node, { text }) =>
      node.Type === "UnaryTest"
        ? /^-[vR]\s/.test(text(node))
        : isCall(node) &&
          commandsOf(node).some(({ name, words }) => /^(\[|test)$/.test(name) && /^-[vR]$/.test(words[0])),
  },
  {
    id: "source-process",
    why: "bash 3.2 reads nothing from `source <(...)`",
    matches: (node) =>
      isCall(node) &&
      ["source", "."].includes(wordPattern(node.Args?.[0] ?? {})) &&
      (node.Args?.[1]?.Parts ?? []).some((part) => part.Type === "ProcSubst"),
  },
  {
    id: "new-variable",
    why: "this variable is silently empty in bash 3.2",
    matches: (node) => node.Type === "ParamExp" && NEW_VARIABLES.has(node.Param?.Value),
  },
];
