import { expect, test } from "vitest";
import { itemKind } from "../../src/model/item-kind.ts";
import { itemOfDetail } from "../../src/model/items.ts";

const kindOf = (item: { type: string; [name: string]: unknown }) =>
  itemKind(itemOfDetail({ itemId: "i1", state: "completed", ...item }));

test("a command without the shell that Codex wraps it into", () => {
  const command = "/bin/bash -lc 'ls -la && false'";
  expect(kindOf({ type: "commandExecution", command, cwd: "/w", exitCode: 1, status: "failed" })).toEqual({
    kind: "command",
    command: "ls -la && false",
    cwd: "/w",
    exitCode: 1,
    durationMs: undefined,
    status: "failed",
  });
});

test("input with what is not text named", () => {
  const content = [
    { type: "text", text: "Look at this:" },
    { type: "localImage", path: "/w/a.png" },
    { type: "mention", name: "notes", path: "/w/notes.md" },
    null,
  ];
  const text = "Look at this:\n[localImage: /w/a.png]\n[mention: notes]\n[]";
  expect(kindOf({ type: "userMessage", content })).toEqual({ kind: "user", text });
});

test("a thought is called by its first line", () => {
  expect(kindOf({ type: "reasoning", summary: ["**Reading the code**\n\nIt is long."] })).toEqual({
    kind: "thought",
    title: "Reading the code",
  });
});

test("tools, notes, and what is not known", () => {
  expect(kindOf({ type: "mcpToolCall", server: "docs", tool: "search", status: "completed" })).toEqual({
    kind: "other",
    title: "docs · search",
    status: "completed",
  });
  expect(kindOf({ type: "webSearch", query: "node 24" })).toEqual({
    kind: "note",
    text: "Searched the web: node 24",
  });
  expect(kindOf({ type: "subAgentActivity" })).toEqual({
    kind: "other",
    title: "sub agent activity",
    status: undefined,
  });
});
