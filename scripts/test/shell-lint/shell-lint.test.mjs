import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { lintShell, RULES } from "../../lint/shell-lint.mjs";
import { FIXTURES } from "./fixtures.mjs";

const hasShfmt = spawnSync("shfmt", ["--version"]).error === undefined;
const isRequired = process.env.BAA_TEST_REQUIRE === "all";

/** The lines that the fixture marks. */
const marked = (script) => script.split("\n").flatMap((line, index) => (/# (.* )?bad$/.test(line) ? [index + 1] : []));

const linesOf = (rule, script, file) => [
  ...new Set(lintShell(script, file).flatMap((finding) => (finding.rule === rule ? [finding.line] : []))),
];

test("shfmt is there where every lane is required", () => {
  if (!hasShfmt) console.log("lane not run: shell lint: shfmt is not installed");
  expect(hasShfmt || !isRequired).toBe(true);
});

test("every rule has its fixture", () => {
  const known = RULES.map(({ id }) => id);
  expect(new Set(known).size).toBe(known.length);
  expect([...Object.keys(FIXTURES), "shebang"].toSorted()).toEqual(known.toSorted());
});

describe.runIf(hasShfmt)("the shell lint", () => {
  test.each(Object.entries(FIXTURES))("%s finds the marked lines and no others", (rule, script) => {
    const expected = marked(script);
    expect(expected.length).toBeGreaterThan(0);
    expect(linesOf(rule, script)).toEqual(expected);
  });

  test("shebang: operators' scripts begin with the bash that every Mac has", () => {
    const scripts = ["#!/usr/bin/env bash\n:\n", ":\n", "#!/bin/bash\n:\n"];
    const lint = (file) => scripts.map((script) => linesOf("shebang", script, file));
    expect(lint("scripts/runtime/doctor.sh")).toEqual([[1], [1], []]);
    expect(lint("scripts/runtime/lib/log.sh")).toEqual([[], [], []]);
    expect(lint("scripts/test.sh")).toEqual([[], [], []]);
  });

  test("exit-trap is content with a trap that asks whether the script was completed", () => {
    expect(lintShell("completed=0\ntrap cleanup EXIT\nf\ncompleted=1\n")).toEqual([]);
  });

  test("a finding names line, column, rule and what to write instead", () => {
    expect(lintShell('x=1\necho "é ${x,,}"\n')).toEqual([
      { line: 2, column: 10, rule: "case-conversion", message: "bash 3.2 has no ${x^} and ${x,}; use tr" },
    ]);
  });

  test("one rule may pass on one line, with a reason", () => {
    const script = (comment) => `${comment}\ndate -d now\ndate -d now # shell-lint: allow gnu-option: never on a Mac\n`;
    const lint = (comment) => lintShell(script(comment)).map(({ line }) => line);
    expect(lint("# shell-lint: allow gnu-option: runs in CI only")).toEqual([]);
    expect(lint("# shell-lint: allow gnu-option:")).toEqual([2]);
    expect(lint("# shell-lint: allow mapfile: another rule")).toEqual([2]);
  });

  test("what bash itself cannot read is one finding", () => {
    expect(lintShell("if true\n")).toMatchObject([{ line: 1, rule: "syntax" }]);
  });
});
