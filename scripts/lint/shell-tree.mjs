// A shell script as a tree, by `shfmt -tojson`. Operators are numbers there that change with shfmt's version; rules
// look at the source text of a node instead.
import { spawnSync } from "node:child_process";

/** shfmt is not installed. */
export class NoShfmtError extends Error {
  name = "NoShfmtError";
}

/** The script is no bash at all; `message` is shfmt's. */
export class ShellSyntaxError extends Error {
  name = "ShellSyntaxError";
}

/** Parses bash. Throws NoShfmtError, ShellSyntaxError. */
export const parseShell = (source) => {
  const { error, status, stdout, stderr } = spawnSync("shfmt", ["-ln", "bash", "-tojson"], {
    input: source,
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  });
  if (error?.code === "ENOENT") throw new NoShfmtError("shfmt is not installed");
  if (error !== undefined) throw error;
  if (status !== 0) throw new ShellSyntaxError(stderr.trim());
  const bytes = Buffer.from(source);
  return { root: JSON.parse(stdout), slice: (from, to) => bytes.subarray(from, to).toString("utf8") };
};

const isNode = (value) => typeof value === "object" && value !== null;
const isPosition = (key) => /Pos|End|Position|Left|Right|Dollar|Rbrace|Semicolon|Hash|[LR]paren|[LR]brace/.test(key);

/** Calls `visit(node, parents)` for every node, parents nearest first; each has its `key` in its own parent. */
export const walk = (node, visit, parents = []) => {
  if (isNode(node.Pos) || node.Type !== undefined) visit(node, parents);
  for (const [key, value] of Object.entries(node)) {
    if (!isNode(value) || isPosition(key)) continue;
    for (const child of Array.isArray(value) ? value : [value])
      if (isNode(child)) walk(child, visit, [{ node, key }, ...parents]);
  }
};

/** The word's value when it is written out, without expansions; else undefined. `*` stands for what is expanded. */
export const wordPattern = (word) => (word.Parts ?? []).map(partPattern).join("");

const partPattern = (part) => {
  if (part.Type === "Lit" || part.Type === "SglQuoted") return part.Value ?? "";
  if (part.Type === "DblQuoted") return (part.Parts ?? []).map(partPattern).join("");
  return "\0";
};

const WRAPPERS = new Set(["command", "exec", "nohup", "sudo", "env", "xargs", "time", "builtin"]);
const VALUE_OPTIONS = { xargs: "EIJLnPRsS", env: "uSP", sudo: "ugp", exec: "a" };

/**
 * The commands a call runs, the wrapped ones too (`xargs -n1 stat`): `[{name, words}]`. Words hold NUL where something
 * is expanded.
 */
export const commandsOf = (call) => {
  const words = (call.Args ?? []).map(wordPattern);
  if (words.length === 0) return [];
  const found = [{ name: words[0], words: words.slice(1) }];
  if (WRAPPERS.has(words[0])) found.push(...wrappedIn(words));
  return found;
};

const wrappedIn = ([wrapper, ...words]) => {
  let at = 0;
  while (at < words.length && (words[at].startsWith("-") || /^\w+=/.test(words[at]))) {
    const takesNext = new RegExp(`^-[${VALUE_OPTIONS[wrapper] ?? "\0"}]$`).test(words[at]);
    at += takesNext ? 2 : 1;
  }
  const name = words[at];
  if (name === undefined) return [];
  const inner = [{ name, words: words.slice(at + 1) }];
  return WRAPPERS.has(name) ? [...inner, ...wrappedIn(words.slice(at))] : inner;
};
