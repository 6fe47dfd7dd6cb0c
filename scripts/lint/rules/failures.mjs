// Failures that bash swallows, in 3.2 or in every version.
import { walk, wordPattern } from "../shell-tree.mjs";

const holds = (node, type) => {
  let found = false;
  walk(node, (inner) => {
    if (inner.Type === type) found = true;
  });
  return found;
};

const BUILT_IN_ARRAYS = new Set(["BASH_SOURCE", "FUNCNAME", "BASH_LINENO", "PIPESTATUS", "BASH_VERSINFO", "DIRSTACK"]);

/** Arrays that every assignment in the file gives at least one element. */
const isNeverEmpty = (name, { root }) => {
  const sizes = [];
  walk(root, (node) => {
    if (node.Name?.Value === name && node.Array !== undefined && !node.Append)
      sizes.push((node.Array.Elems ?? []).length);
  });
  return sizes.length > 0 && !sizes.includes(0);
};

const isGuarded = (node, parents, { text }) =>
  parents.some(
    ({ node: outer }) =>
      outer.Type === "ParamExp" &&
      outer.Param?.Value === node.Param.Value &&
      /^\$\{\w+(\[[^\]]*\])?:?\+/.test(text(outer)),
  );

const readsArray = (node, context, parents) => {
  if (node.Type !== "ParamExp" || node.Index?.Pos === undefined || node.Exp !== undefined) return false;
  if (node.Length || node.Excl || !/^[@*]$/.test(context.text(node.Index))) return false;
  const name = node.Param.Value;
  return !BUILT_IN_ARRAYS.has(name) && !isNeverEmpty(name, context) && !isGuarded(node, parents, context);
};

const isExitTrap = (node) => {
  const [name, ...words] = (node.Args ?? []).map(wordPattern);
  return node.Type === "CallExpr" && name === "trap" && words[0] !== "-" && words.slice(1).includes("EXIT");
};

const assignsCompleted = ({ root }) => {
  let found = false;
  walk(root, (node) => {
    if (node.Name?.Value === "completed" && wordPattern(node.Value ?? {}) === "1") found = true;
  });
  return found;
};

export const FAILURE_RULES = [
  {
    id: "empty-array",
    why: 'an empty array is "unbound" to bash 3.2 under set -u; write ${a[@]+"${a[@]}"}',
    matches: (node, context, parents) => readsArray(node, context, parents),
  },
  {
    id: "declaration-swallows",
    why: "the declaration hides that the command failed; declare first, assign on a line of its own",
    matches: (node) =>
      node.Type === "DeclClause" &&
      (node.Args ?? []).some((arg) => arg.Value !== undefined && holds(arg.Value, "CmdSubst")),
  },
  {
    id: "set-swallows",
    why: "set -- $(...) hides that the command failed; assign first",
    matches: (node) =>
      node.Type === "CallExpr" &&
      wordPattern(node.Args?.[0] ?? {}) === "set" &&
      node.Args.some((word) => holds(word, "CmdSubst")),
  },
  {
    id: "process-swallows",
    why: "< <(...) hides that the command failed; read from a variable or a file",
    matches: (node, { text }) =>
      node.OpPos !== undefined &&
      node.Word !== undefined &&
      /^\d*<\s/.test(text(node)) &&
      holds(node.Word, "ProcSubst"),
  },
  {
    id: "exit-trap",
    why: "after an unbound variable bash 3.2 runs the EXIT trap with status 0; the trap must ask `completed`, set to 1 at the very end",
    matches: (node, context) => isExitTrap(node) && !assignsCompleted(context),
  },
];
