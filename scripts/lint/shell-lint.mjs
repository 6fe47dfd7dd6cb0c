// Finds what works with the author's bash 5 and GNU tools and not with the bash 3.2 and BSD tools of a Mac, and
// failures that bash swallows. shellcheck finds none of this. `# shell-lint: allow <rule>: <reason>` on the line
// before (or the same line) lets one thing pass.
//
//   node scripts/lint/shell-lint.mjs FILE...      exit 0 clean, 1 findings, 69 shfmt is not installed
import fs from "node:fs";
import { pathToFileURL } from "node:url";
import { SYNTAX_RULES } from "./rules/bash32-syntax.mjs";
import { WORD_RULES } from "./rules/bash32-words.mjs";
import { FAILURE_RULES } from "./rules/failures.mjs";
import { FILE_RULES, USERLAND_RULES } from "./rules/userland.mjs";
import { NoShfmtError, parseShell, ShellSyntaxError, walk } from "./shell-tree.mjs";

export const RULES = [...WORD_RULES, ...SYNTAX_RULES, ...FAILURE_RULES, ...USERLAND_RULES, ...FILE_RULES];

const ALLOW = /#\s*shell-lint: allow ([\w-]+): \S/;

/** Line -> rules that may pass there. A comment alone on its line speaks for the next one. */
const allowances = (source) => {
  const allowed = new Map();
  source.split("\n").forEach((line, index) => {
    const rule = ALLOW.exec(line)?.[1];
    if (rule === undefined) return;
    const number = /^\s*#/.test(line) ? index + 2 : index + 1;
    allowed.set(number, [...(allowed.get(number) ?? []), rule]);
  });
  return allowed;
};

/** Findings of one script: `[{line, column, rule, message}]` in the order of the source. Throws NoShfmtError. */
export const lintShell = (source, file = "script.sh") => {
  let tree;
  try {
    tree = parseShell(source);
  } catch (error) {
    if (!(error instanceof ShellSyntaxError)) throw error;
    return [{ line: 1, column: 1, rule: "syntax", message: error.message }];
  }
  const text = (node) => tree.slice(node.Pos.Offset, node.End.Offset);
  const context = { ...tree, text, file };
  const allowed = allowances(source);
  const findings = [];
  walk(tree.root, (node, parents) => {
    if (node.Pos === undefined) return;
    for (const rule of RULES) {
      const found = rule.matches(node, context, parents);
      if (!found || allowed.get(node.Pos.Line)?.includes(rule.id)) continue;
      const message = typeof found === "string" ? found : rule.why;
      findings.push({ line: node.Pos.Line, column: node.Pos.Col, rule: rule.id, message });
    }
  });
  return findings.toSorted((a, b) => a.line - b.line || a.column - b.column);
};

const main = (files) => {
  const findings = files.flatMap((file) =>
    lintShell(fs.readFileSync(file, "utf8"), file).map((finding) => ({ file, ...finding })),
  );
  for (const { file, line, column, rule, message } of findings)
    console.error(`${file}:${line}:${column}: ${message} [${rule}]`);
  console.log(`${files.length} scripts looked through, ${findings.length} findings`);
  return findings.length === 0 ? 0 : 1;
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    process.exitCode = main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof NoShfmtError)) throw error;
    console.error(`lane not run: ${error.message}`);
    process.exitCode = 69;
  }
}
