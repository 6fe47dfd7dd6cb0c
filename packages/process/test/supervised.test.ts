import { expect, test } from "vitest";
import { isSupervisedBy } from "../src/index.ts";

test("a service manager is known by its mark", () => {
  expect(isSupervisedBy({})).toBe(false);
  expect(isSupervisedBy({ XPC_SERVICE_NAME: "0" })).toBe(false);
  expect(isSupervisedBy({ XPC_SERVICE_NAME: "com.example.codexd" })).toBe(true);
  expect(isSupervisedBy({ INVOCATION_ID: "abc" })).toBe(true);
});
