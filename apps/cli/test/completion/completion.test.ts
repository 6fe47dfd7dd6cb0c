import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { scriptFor } from "../../src/completion/script.ts";
import type { OptionDef, VerbDef } from "../../src/verb.ts";

const COMMON: readonly OptionDef[] = [
  { flags: "--json", summary: "for programs" },
  { flags: "--token-file <path>", summary: "the operator's token" },
];
const VERBS: readonly VerbDef[] = [
  {
    name: "sessions",
    aliases: ["ses"],
    summary: "list: and change",
    options: [
      { flags: "-s, --state <state>", summary: "only these", choices: ["idle", "running"] },
      { flags: "--cwd <dir>", summary: "where" },
    ],
    verbs: [
      { name: "show", summary: "one", arguments: [{ name: "<session>", summary: "its id" }] },
      { name: "sleep", summary: "rest", options: [{ flags: "--wait [duration]", summary: "how long" }] },
    ],
  },
  {
    name: "completion",
    summary: "a script",
    arguments: [{ name: "<shell>", summary: "which", choices: ["bash", "zsh"] }],
  },
];

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "baa-completion-"));
const home = fs.mkdtempSync(path.join(os.tmpdir(), "baa-completion-home-"));
afterAll(() => [dir, home].forEach((made) => fs.rmSync(made, { recursive: true, force: true })));
fs.mkdirSync(path.join(dir, "work"));
fs.writeFileSync(path.join(dir, "words.txt"), "");

const fileOf = (shell: "bash" | "zsh" | "fish"): string => {
  const file = path.join(dir, `completion.${shell}`);
  fs.writeFileSync(file, scriptFor(shell, VERBS, COMMON));
  return file;
};

/** Runs a shell without the user's own settings. */
const run = (shell: string, args: readonly string[]): string[] => {
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home };
  const { status, stdout, stderr } = spawnSync(shell, args, { cwd: dir, env, encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.split("\n").filter(Boolean);
};

/** What each command line, up to its last word, is completed with. `work` is the one directory there. */
const CASES: readonly [line: string, completed: readonly string[]][] = [
  ["baa ", ["sessions", "completion", "help"]],
  ["baa se", ["sessions"]],
  ["baa sessions s", ["show", "sleep"]],
  ["baa ses sh", ["show"]],
  ["baa --json sessions sh", ["show"]],
  ["baa --token-file x sessions sh", ["show"]],
  ["baa sessions --s", ["--state"]],
  ["baa sessions --state ", ["idle", "running"]],
  ["baa sessions -s r", ["running"]],
  ["baa sessions --state idle sh", ["show"]],
  ["baa sessions sleep --wait --j", ["--json"]],
  ["baa sessions --cwd ", ["work"]],
  ["baa completion ", ["bash", "zsh"]],
  ["baa completion -", ["--json", "--token-file", "-h", "--help"]],
];

const hasShell = (shell: string): boolean => spawnSync(shell, ["--version"]).status === 0;
const casesIn = (shell: string): typeof CASES => (hasShell(shell) ? CASES : []);
const whether = (shell: string): string =>
  hasShell(shell)
    ? `${shell} is installed here and runs its script`
    : `${shell} is not installed here: its script is only made`;
const bash = process.env["BASH32"] ?? "bash";

describe("in bash", () => {
  test.each(CASES)("%s", (line, completed) => {
    const words = line
      .split(" ")
      .slice(0, -1)
      .map((word) => `'${word}'`);
    const last = line.split(" ").at(-1) ?? "";
    const script = `source "$1"; COMP_WORDS=(${words.join(" ")} '${last}'); COMP_CWORD=${words.length}
      _baa; printf '%s\\n' "\${COMPREPLY[@]}"`;
    expect(run(bash, ["--norc", "-c", script, "bash", fileOf("bash")])).toEqual(completed);
  });

  test("it needs nothing that bash 3.2 lacks, and is bound to baa", () => {
    const script = fs.readFileSync(fileOf("bash"), "utf8");
    expect(script.match(/declare -A|local -A|mapfile|readarray|compopt|&>>|\$\{\w+(?:,,|\^\^)/g)).toBeNull();
    const bound = run(bash, ["--norc", "-c", 'source "$1"; complete -p baa', "bash", fileOf("bash")]);
    expect(bound).toEqual(["complete -o default -F _baa baa"]);
  });
});

/** The last word of each line is typed, and the completion system's own functions say what they would offer. */
const ZSH_STUBS = `
compdef() { : }
compadd() { shift; local w; for w in "$@"; do [[ $w == "$PREFIX_TYPED"* ]] && print -r -- "$w"; done; return 0 }
_files() { if [[ "$1" == -/ ]]; then print -r -- work; else print -r -- words.txt; fi }
_describe() { local e; for e in "\${(@P)2}"; do e="\${e%%:*}"; [[ $e == "$PREFIX_TYPED"* ]] && print -r -- "$e"; done; return 0 }
`;

describe("in zsh", () => {
  test(`${whether("zsh")}`, () => expect(scriptFor("zsh", VERBS, COMMON)).toMatch(/^#compdef baa\n/));
  test.each(casesIn("zsh"))("%s", (line, completed) => {
    const words = line.split(" ").map((word) => `'${word}'`);
    const script = `${ZSH_STUBS} source "$1"; words=(${words.join(" ")}); CURRENT=${words.length}
      PREFIX_TYPED="\${words[CURRENT]}"; _baa`;
    expect(run("zsh", ["-f", "-c", script, "zsh", fileOf("zsh")])).toEqual(completed);
  });
});

describe("in fish", () => {
  test(`${whether("fish")}`, () =>
    expect(scriptFor("fish", VERBS, COMMON)).toContain("complete --command baa --no-files"));
  test.each(casesIn("fish"))("%s", (line, completed) => {
    const offered = run("fish", ["--no-config", "-c", "source $argv[1]; complete -C $argv[2]", fileOf("fish"), line]);
    const words = offered.map((row) => (row.split("\t")[0] ?? "").replace(/\/$/, ""));
    // In its own order.
    expect(words.toSorted()).toEqual(completed.toSorted());
  });
});
