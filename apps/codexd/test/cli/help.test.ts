import { expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/command-table.ts";
import { helpText } from "../../src/cli/help.ts";

test("the overview names every command with what it does", () => {
  const text = helpText([]);
  for (const { name, summary } of COMMANDS) expect(text).toContain(`${name.padEnd(11)}   ${summary}`);
  for (const code of ["0 done", "64 wrong usage", "69 not running", "78 configuration"]) expect(text).toContain(code);
});

test.each(COMMANDS.map((command) => [command.name, command] as const))(
  "%s: its help has every option and exit code, in lines that fit a terminal",
  (_name, command) => {
    const text = helpText([command]);
    for (const { name } of command.options) expect(text).toContain(`--${name}`);
    expect(text).toContain("--json");
    for (const [code, meaning] of Object.entries(command.exits))
      expect(text).toContain(`${code.padEnd(2)}   ${meaning}`);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(140);
  },
);

test("every command says how it ends well, and that a wrong command line is 64", () => {
  for (const { name, exits } of COMMANDS)
    expect([name, Object.keys(exits)]).toEqual([name, expect.arrayContaining(["0", "64"])]);
});
