import { expect, test } from "vitest";
import { fileDiffs, parseUnified } from "../../src/model/diff.ts";

const DIFF = `--- a/x.ts
+++ b/x.ts
@@ -3,3 +3,4 @@ function x() {
 same
-old
+new
+more
 end
\\ No newline at end of file
`;

test("a unified diff with the numbers of both sides", () => {
  expect(parseUnified(DIFF)).toEqual([
    { kind: "hunk", text: "@@ -3,3 +3,4 @@ function x() {" },
    { kind: "context", text: "same", old: 3, new: 3 },
    { kind: "remove", text: "old", old: 4 },
    { kind: "add", text: "new", new: 4 },
    { kind: "add", text: "more", new: 5 },
    { kind: "context", text: "end", old: 5, new: 6 },
    { kind: "note", text: "No newline at end of file" },
  ]);
});

test("lines that look like headers inside a hunk are content", () => {
  expect(parseUnified("@@ -1 +1 @@\n--- not a header\n+++ neither\n")).toEqual([
    { kind: "hunk", text: "@@ -1 +1 @@" },
    { kind: "remove", text: "-- not a header", old: 1 },
    { kind: "add", text: "++ neither", new: 1 },
  ]);
});

test("Codex gives the content of an added or deleted file, and a diff of a changed one", () => {
  const diffs = fileDiffs([
    { path: "/w/new.md", kind: { type: "add" }, diff: "one\ntwo\n" },
    { path: "/w/gone.md", kind: { type: "delete" }, diff: "one\n" },
    { path: "/w/x.ts", kind: { type: "update", move_path: null }, diff: DIFF },
    { path: "/w/a.ts", kind: { type: "update", move_path: "/w/b.ts" }, diff: "" },
  ]);
  expect(diffs.map(({ path, change, movedTo, added, removed }) => [path, change, movedTo, added, removed])).toEqual([
    ["/w/new.md", "added", undefined, 2, 0],
    ["/w/gone.md", "deleted", undefined, 0, 1],
    ["/w/x.ts", "changed", undefined, 2, 1],
    ["/w/a.ts", "moved", "/w/b.ts", 0, 0],
  ]);
  expect(diffs[0]?.lines).toEqual([
    { kind: "add", text: "one", new: 1 },
    { kind: "add", text: "two", new: 2 },
  ]);
});

test("what is no list of changes gives no diff", () => {
  for (const changes of [undefined, null, "x", [null], [{ kind: {} }]]) expect(fileDiffs(changes)).toEqual([]);
});
