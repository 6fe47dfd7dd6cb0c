// Syntax that bash 3.2 refuses, or reads as something else than bash 5 does.
import { walk, wordPattern } from "../shell-tree.mjs";

const PARAMETER = String.raw`^\$\{!?\w+(\[[^\]]*\])?`;
const expansion =
  (operator) =>
  (node, { text }) =>
    node.Type === "ParamExp" && new RegExp(PARAMETER + operator).test(text(node));

const insideOf = (parents, ...types) => parents.some(({ node }) => types.includes(node.Type));

/** Whether the statement's own result is asked for: in a condition, or as what a function returns. */
const isAsked = (parents) => {
  const [statement, holder, ...outer] = parents;
  if (statement?.node.Negated || holder === undefined) return true;
  if (!["Stmts", "Then", "Do"].includes(holder.key)) return true; // Cond of if and while, X and Y of && and ||
  if (holder.node[holder.key].at(-1) !== statement.node) return false;
  return outer[1]?.node.Type === "FuncDecl" || ["CmdSubst", "Subshell"].includes(holder.node.Type);
};

const hasExtglobBefore = (node, { root }) => {
  let found = false;
  walk(root, (other) => {
    const isShopt = other.Type === "CallExpr" && (other.Args ?? []).map(wordPattern).join(" ") === "shopt -s extglob";
    if (isShopt && other.Pos.Line < node.Pos.Line) found = true;
  });
  return found;
};

export const SYNTAX_RULES = [
  { id: "case-conversion", why: "bash 3.2 has no ${x^} and ${x,}; use tr", matches: expansion("(,,?|\\^\\^?)") },
  { id: "transformation", why: "bash 3.2 has no ${x@Q}; use printf %q", matches: expansion("@[A-Za-z]\\}$") },
  {
    id: "negative-subscript",
    why: "bash 3.2 has no negative subscripts",
    matches: (node, { text }) =>
      (node.Index?.Pos !== undefined && text(node.Index).startsWith("-")) ||
      (node.Type === "CallExpr" && wordPattern(node.Args?.[0] ?? {}) === "unset" && /\[-\d/.test(text(node))),
  },
  {
    id: "negative-length",
    why: "bash 3.2 has no negative length in ${x:0:-1}",
    matches: (node, { text }) => node.Slice?.Length?.Pos !== undefined && /^\s*-/.test(text(node.Slice.Length)),
  },
  {
    id: "pipe-both",
    why: "bash 3.2 has no |&; write 2>&1 |",
    matches: (node, { slice }) =>
      node.Type === "BinaryCmd" && slice(node.X.End.Offset, node.Y.Pos.Offset).includes("|&"),
  },
  {
    id: "append-both",
    why: "bash 3.2 has no &>>; write >>file 2>&1",
    matches: (node, { text }) => node.OpPos !== undefined && node.Word !== undefined && text(node).startsWith("&>>"),
  },
  {
    id: "case-fallthrough",
    why: "bash 3.2 has no ;& and no ;;&",
    matches: (node, { slice }) =>
      node.Patterns !== undefined && /^;;?&/.test(slice(node.OpPos.Offset, node.OpPos.Offset + 3)),
  },
  {
    id: "case-in-substitution",
    why: "bash 3.2 takes the ) of a pattern for the end of $( ); write (pattern)",
    matches: (node, { slice }, parents) => {
      if (node.Patterns === undefined || !insideOf(parents, "CmdSubst", "ProcSubst")) return false;
      return !slice(Math.max(0, node.Pos.Offset - 80), node.Pos.Offset)
        .trimEnd()
        .endsWith("(");
    },
  },
  {
    id: "here-document-in-substitution",
    why: "bash 3.2 stumbles over quotes of a here-document in $( )",
    matches: (node, { text }, parents) =>
      node.Hdoc !== undefined && insideOf(parents, "CmdSubst", "ProcSubst") && /['"`]/.test(text(node.Hdoc)),
  },
  {
    id: "comment-in-substitution",
    why: "bash 3.2 stumbles over quotes of a comment in $( ) or <( )",
    matches: (node, _context, parents) =>
      typeof node.Text === "string" && insideOf(parents, "CmdSubst", "ProcSubst") && /['"`]/.test(node.Text),
  },
  {
    id: "extglob",
    why: "bash 3.2 needs `shopt -s extglob` on an earlier line for this pattern",
    matches: (node, context) => node.Type === "ExtGlob" && !hasExtglobBefore(node, context),
  },
  { id: "coprocess", why: "bash 3.2 has no coproc", matches: (node) => node.Type === "CoprocClause" },
  {
    id: "named-descriptor",
    why: "bash 3.2 has no {fd}>; use a number",
    matches: (node) => node.OpPos !== undefined && node.N?.Value?.startsWith("{"),
  },
  {
    id: "brace-sequence",
    why: "bash 3.2 pads no {01..03} and takes no steps",
    matches: (node, _context, parents) =>
      node.Type === "Lit" &&
      parents[0]?.node.Type !== "DblQuoted" &&
      /\{(-?0\d+\.\.-?\d+|-?\d+\.\.-?0\d+|[^{}.]+\.\.[^{}.]+\.\.-?\d+)\}/.test(node.Value ?? ""),
  },
  {
    id: "unicode-escape",
    why: "bash 3.2 has no \\u in $''",
    matches: (node) => node.Type === "SglQuoted" && node.Dollar === true && /\\[uU][0-9a-fA-F]/.test(node.Value ?? ""),
  },
  {
    id: "replacement-special",
    why: "bash 3.2 and 5 differ about & and quotes in the replacement of ${x//a/b}; do it in node or sed",
    matches: (node, { text }) => node.Repl?.With?.Pos !== undefined && /[&'"\\]/.test(text(node.Repl.With)),
  },
  {
    id: "errexit-differs",
    why: "under set -e bash 5 ends here when it is false and bash 3.2 does not; put it into an if",
    matches: (node, _context, parents) =>
      ["TestClause", "ArithmCmd", "LetClause"].includes(node.Type) && parents[0]?.key === "Cmd" && !isAsked(parents),
  },
];
