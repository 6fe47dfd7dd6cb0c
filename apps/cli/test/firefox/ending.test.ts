import type { FirefoxCommand } from "@baa/contracts";
import type { FirefoxCommandState } from "@baa/contracts/firefox";
import { expect, test } from "vitest";
import { CommandFault } from "../../src/firefox/command-fault.ts";
import { endingOf } from "../../src/firefox/ending.ts";

const at = "2026-11-26T12:00:00.000Z";
const fault = (
  state: FirefoxCommandState,
  error: Record<string, unknown> | undefined,
  effect: "read" | "write" = "write",
) =>
  new CommandFault({
    id: `cmd_${"0".repeat(32)}`,
    clientId: `ffx_${"0".repeat(32)}`,
    method: "page.click",
    params: {},
    effect,
    state,
    by: "shared",
    createdAt: at,
    deadlineAt: at,
    deliveries: 1,
    ...(error === undefined ? {} : { error: { code: "x", message: "It is so.", outcome: "notDone", ...error } }),
  } satisfies FirefoxCommand);

test.each([
  ["failed", { code: "selector_not_found" }, "turnFailed", "It is so. It was not done."],
  ["failed", { code: "page_error", outcome: "done" }, "turnFailed", "It is so. What was asked was done all the same."],
  ["failed", { code: "site_not_allowed", site: "a.test" }, "failed", "It is so. It was not done."],
  ["cancelled", { code: "cancelled" }, "turnInterrupted", "It is so. It was not done."],
  ["expired", { code: "timeout" }, "tryLater", "It is so. It was not done."],
  [
    "interrupted",
    { outcome: "unknown" },
    "turnLost",
    "It is so. Whether it was done is not known, and it is not sent again.",
  ],
] as const)("%s, %j: exit %s", (state, error, exit, message) => {
  expect(endingOf(fault(state, error), "desk")).toMatchObject({ exit, message });
});

test("a read that failed did nothing, and that needs no saying", () => {
  expect(endingOf(fault("failed", { code: "timeout" }, "read"), "desk").message).toBe("It is so.");
});

test("the next step: for the site, for the browser, and above all to look first", () => {
  const next = (state: FirefoxCommandState, error: Record<string, unknown>) =>
    endingOf(fault(state, error), "desk").next;
  expect(next("failed", { code: "site_not_allowed", site: "a.test" })).toBe(
    "Allow it: baa firefox sites allow a.test --client desk",
  );
  // A request that a redirect led there was sent: again would be twice.
  expect(next("failed", { code: "site_not_allowed", site: "a.test", outcome: "done" })).toBeUndefined();
  expect(next("failed", { code: "tab_not_found" })).toBe("See which there are: baa firefox tabs");
  expect(next("expired", { code: "timeout" })).toBe("See whether Firefox runs and is paired: baa firefox clients");
  expect(next("interrupted", { code: "timeout", outcome: "unknown" })).toBe("Look at the page before you ask again.");
  expect(next("failed", { code: "somethingNew" })).toBeUndefined();
});

test("a state without an explanation is told as what it is", () => {
  expect(endingOf(fault("interrupted", undefined), "desk")).toMatchObject({ exit: "turnLost", code: "interrupted" });
});
