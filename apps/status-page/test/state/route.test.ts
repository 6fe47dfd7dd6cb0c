import { expect, test } from "vitest";
import { hashOf, parseRoute } from "../../src/state/route.ts";

const SESSION = `ses_${"0a".repeat(16)}`;

test("places by their address, and back", () => {
  for (const hash of ["#/", "#/sessions", `#/sessions/${SESSION}`]) expect(hashOf(parseRoute(hash))).toBe(hash);
  expect(parseRoute(`#/sessions/${SESSION}`)).toEqual({ name: "session", sessionId: SESSION });
});

test("whatever is no place is the overview", () => {
  for (const hash of ["", "#", "#/nowhere", "#/sessions/ses_1", `#/sessions/${SESSION}/../x`, "#/sessions/<b>"])
    expect(parseRoute(hash)).toEqual({ name: "overview" });
});
