import { expect, test } from "vitest";
import { methodsIn } from "../../src/cli/ask-codex.ts";

test("the methods stand in the answer to one that does not exist", () => {
  const message =
    "Invalid request: unknown variant `codexd/capabilities`, expected one of `initialize`, `thread/start`";
  expect(methodsIn(message)).toEqual(["initialize", "thread/start"]);
});

test("one method alone", () => {
  expect(methodsIn("unknown variant `x`, expected `initialize`")).toEqual(["initialize"]);
});

test("another answer says nothing", () => {
  expect(methodsIn("Method not found")).toBeUndefined();
  expect(methodsIn("Invalid request: missing field `threadId`")).toBeUndefined();
});
