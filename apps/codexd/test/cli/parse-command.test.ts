import { describe, expect, test } from "vitest";
import { parseCommand } from "../../src/cli/parse-command.ts";

const parsed = (line: string) => parseCommand(line === "" ? [] : line.split(" "));

describe("what a command line asks for", () => {
  test.each([
    ["start", "start", { json: false }],
    ["status --json", "status", { json: true }],
    ["log verify", "log verify", { json: false }],
    ["--json log tail --follow", "log tail", { json: true, follow: true }],
    ["log tail --after log_1:7 --types turn.*", "log tail", { json: false, after: "log_1:7", types: "turn.*" }],
    ["log tail --after=0", "log tail", { json: false, after: "0" }],
    ["child reset --force", "child reset", { json: false, force: true }],
    ["doctor --no-probe", "doctor", { json: false, "no-probe": true }],
  ])("%s", (line, name, options) => {
    expect(parsed(line)).toMatchObject({ kind: "run", command: { name }, options });
  });

  test.each([
    ["", []],
    ["--help", []],
    ["-h", []],
    ["help", []],
    ["help status", ["status"]],
    ["status --help", ["status"]],
    ["log tail -h", ["log tail"]],
    ["help log tail", ["log tail"]],
    ["log --help", ["log verify", "log tail", "log salvage", "log reset"]],
    ["help child", ["child reset"]],
  ])("%s: help", (line, topic) => {
    const asked = parsed(line);
    expect(asked.kind).toBe("help");
    expect(asked.kind === "help" && asked.topic.map(({ name }) => name)).toEqual(topic);
  });

  test("--version alone is the version, with --json for a program", () => {
    expect(parsed("--version")).toEqual({ kind: "version", json: false });
    expect(parsed("--version --json")).toEqual({ kind: "version", json: true });
  });
});

describe("what is wrong is named", () => {
  test.each([
    ["stat", "unknown command: stat"],
    ["help stat", "unknown command: stat"],
    ["stat --help", "unknown command: stat"],
    ["log", "codexd log needs one more word: log verify, log tail, log salvage, log reset"],
    ["log frobnicate", "unknown command: log frobnicate"],
    ["log frobnicate --help", "unknown command: log frobnicate"],
    ["--verbose", "unknown command: --verbose"],
    ["--json", "no command"],
    ["start --port", "codexd start: unknown option: --port"],
    ["start now", "codexd start: unexpected argument: now"],
    ["log tail 7", "codexd log tail: unexpected argument: 7"],
    ["log tail --force", "codexd log tail: unknown option: --force"],
    ["--version now", "--version takes no arguments, but got now"],
  ])("%s", (line, message) => {
    expect(parsed(line)).toMatchObject({ kind: "wrong", message });
  });

  test("an option that lacks its value, or has one too many", () => {
    expect(parsed("log tail --after")).toMatchObject({ kind: "wrong", message: expect.stringContaining("--after") });
    expect(parsed("log tail --follow=yes")).toMatchObject({
      kind: "wrong",
      message: expect.stringContaining("--follow"),
    });
  });

  test("the commands that were near are shown", () => {
    const asked = parsed("child frobnicate");
    expect(asked.kind === "wrong" && asked.topic.map(({ name }) => name)).toEqual(["child reset"]);
  });
});
