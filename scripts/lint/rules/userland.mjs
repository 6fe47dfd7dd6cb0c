// Commands and options that only GNU has. The list of them is shared with the shims that refuse them at run time.
import fs from "node:fs";
import { fileURLToPath } from "node:url";
import { commandsOf, walk } from "../shell-tree.mjs";

const LIST = fileURLToPath(new URL("../../../packages/test-kit/src/bsd-shims/gnu-only.json", import.meta.url));
const { absent: ABSENT, commands: COMMANDS } = JSON.parse(fs.readFileSync(LIST, "utf8"));

const globRegExp = (glob) =>
  new RegExp(
    `^${glob
      .replaceAll(/[.+^${}()|\\]/g, "\\$&")
      .replaceAll("[!", "[^")
      .replaceAll("*", "[^]*")}$`,
  );
const matchesGlob = (word, globs = []) => word !== undefined && globs.some((glob) => globRegExp(glob).test(word));

/** The first word that only GNU understands, as what is wrong with it; undefined when there is none. */
export const refusedWord = (name, words) => {
  const spec = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (spec === undefined) return undefined;
  for (let at = 0; at < words.length; at++) {
    const { fault, isEnd, takesNext } = judge(words[at], words[at + 1], spec);
    if (fault !== undefined || isEnd) return fault;
    if (takesNext) at++;
  }
  return undefined;
};

const judge = (word, next, spec) => {
  const isOption = word.startsWith("-") && word !== "-";
  if (word === "--" || (spec.wraps && !isOption)) return { isEnd: true }; // what follows is not for this command
  if (spec.allow?.includes(word)) return {};
  if (isRefusedWhole(word, spec)) return { fault: word };
  if (!isOption || word.startsWith("--") || spec.style === "words") return {};
  return judgeCluster(word, next, spec);
};

/** `-abc`: each letter may be refused; the first that takes a value ends the letters. */
const judgeCluster = (word, next, spec) => {
  for (let at = 1; at < word.length; at++) {
    if (spec.short?.includes(word[at])) return { fault: word };
    if (!spec.value?.includes(word[at])) continue;
    const takesNext = at + 1 === word.length;
    const value = takesNext ? next : word.slice(at + 1);
    return matchesGlob(value, spec.values) ? { fault: `${word} ${value}` } : { takesNext };
  }
  return {};
};

const isRefusedWhole = (word, spec) =>
  matchesGlob(word, spec.words) || (word.startsWith("--") && spec.long !== undefined && !spec.long.includes(word));

const isDefinedHere = (name, { root }) => {
  let found = false;
  walk(root, (node) => {
    if (node.Type === "FuncDecl" && node.Name?.Value === name) found = true;
  });
  return found;
};

const calls = (node) => (node.Type === "CallExpr" ? commandsOf(node) : []);

const ADDRESS = String.raw`(?:^|[;\n{])\s*(?:[0-9$][0-9,$]*|/(?:\\.|[^/])*/)?\s*`;
const SED_SCRIPTS = [
  { pattern: /(^|[;\n])\s*\d+~\d+/, what: "first~step addresses" },
  {
    pattern: new RegExp(String.raw`${ADDRESS}[aic](?:[ \t]+[^\\\s]|[ \t]*[^\\\s};])`),
    what: "text on the line of a, i, c",
  },
  { pattern: /(^|[;\n/0-9$])\s*\{\s*[a-zA-Z=]([^}]*[^;\n\s])?\s*\}/, what: "a } without a ; or line end before it" },
];

/** What is wrong with a call of sed or grep whose script is written out. */
const scriptFault = ({ name, words }) => {
  const scripts = words.filter((word) => !word.startsWith("-"));
  const isExtended = words.some((word) => /^-[a-zA-Z]*[ErF]/.test(word));
  if ((name === "sed" || name === "grep") && !isExtended && /\\[+?|]/.test(scripts[0] ?? ""))
    return "\\+, \\? and \\| are GNU's; use -E";
  if (name === "sed") return SED_SCRIPTS.find(({ pattern }) => pattern.test(scripts[0] ?? ""))?.what;
  if (name === "awk" && /\b(gensub|strftime|systime|asorti?|PROCINFO|BEGINFILE|ENDFILE)\b/.test(scripts[0] ?? ""))
    return "functions and variables of gawk";
  return undefined;
};

export const USERLAND_RULES = [
  {
    id: "absent-command",
    why: "macOS does not have this command",
    matches: (node, context) => {
      const found = calls(node).find(({ name }) => Object.hasOwn(ABSENT, name) && !isDefinedHere(name, context));
      return found && `${found.name}: ${ABSENT[found.name]}`;
    },
  },
  {
    id: "gnu-option",
    why: "BSD tools do not have this option",
    matches: (node) => {
      for (const { name, words } of calls(node)) {
        const word = refusedWord(name, words);
        if (word !== undefined) return `${name} ${word}: not with the tools of macOS`;
      }
      return undefined;
    },
  },
  {
    id: "find-start",
    why: "BSD find needs a directory to start in",
    matches: (node) =>
      calls(node).some(({ name, words }) => name === "find" && /^(-[a-z]{2,}|$|[!(])/.test(words[0] ?? "")),
  },
  {
    id: "gnu-script",
    why: "only GNU's tool understands this script",
    matches: (node) => {
      for (const call of calls(node)) {
        const fault = scriptFault(call);
        if (fault !== undefined) return `${call.name}: ${fault}`;
      }
      return undefined;
    },
  },
];

export const FILE_RULES = [
  {
    id: "shebang",
    why: "operators' scripts begin with #!/bin/bash: env finds another bash for the author than for the operator",
    matches: (node, { file, text }) =>
      node.Type === "File" &&
      /(^|\/)scripts\/runtime\/[^/]+\.sh$/.test(file) &&
      !text(node).startsWith("#!/bin/bash\n"),
  },
];
