import { expect, test } from "vitest";
import { parseDirectives } from "../src/directives.ts";

test("options, phrases and text are told apart", () => {
  expect(parseDirectives("hello [[deltas=200 interval=5]] world [[run: touch x && echo y]] [[say: bye]]")).toEqual({
    rest: "hello  world",
    options: { deltas: 200, interval: 5 },
    tools: [{ name: "exec_command", arguments: { cmd: "touch x && echo y" } }],
    say: "bye",
  });
});

test("several tools keep their order; each kind becomes the call codex knows", () => {
  const { tools } = parseDirectives(
    '[[run: a]] [[escalate: b]] [[tool: view_image {"path":"x.png"}]] [[patch: f.txt one\ntwo]]',
  );
  expect(tools).toEqual([
    { name: "exec_command", arguments: { cmd: "a" } },
    {
      name: "exec_command",
      arguments: { cmd: "b", sandbox_permissions: "require_escalated", justification: "the prompt asks for it" },
    },
    { name: "view_image", arguments: { path: "x.png" } },
    { name: "apply_patch", input: "*** Begin Patch\n*** Add File: f.txt\n+one\n+two\n*** End Patch\n" },
  ]);
});

test("a tool of an MCP server is named with its group", () => {
  expect(parseDirectives('[[tool: mcp__files/read {"a":1}]]').tools).toEqual([
    { namespace: "mcp__files", name: "read", arguments: { a: 1 } },
  ]);
});

test("brackets that are none of ours stay text", () => {
  const prompt = "if [[ -f x ]]; then echo [[wikilink]]; fi [[Capital]] [[]]";
  expect(parseDirectives(prompt)).toEqual({ rest: prompt, options: {}, tools: [] });
});

test.each([
  ["[[status=200]]", "at status"],
  ["[[deltas=many]]", "at deltas"],
  ["[[hang=yes]]", "at hang"],
  ["[[deltas=3 intervall=5]]", 'Unrecognized key: "intervall"'],
  ["[[cut after=-1]]", "at after"],
  ["[[tool: x {bad}]]", "JSON"],
])("%s is refused", (prompt, message) => {
  expect(() => parseDirectives(prompt)).toThrow(message);
});
