import { expect, test } from "vitest";
import { type RedialFacts, stepRedial } from "../../src/background/link/redial-machine.ts";

const open = (code: number, openMs = 60_000): RedialFacts => ({
  end: { code, phase: "open" },
  with: "key",
  openMs,
  failures: 0,
});
const closed = (
  end: Partial<RedialFacts["end"]>,
  o: { with?: "key" | "code"; failures?: number } = {},
): RedialFacts => ({
  end: { code: 0, phase: "handshake", ...end },
  with: o.with ?? "key",
  openMs: 0,
  failures: o.failures ?? 0,
});

const lost = { kind: "connecting", why: "lost" };
const refused = { kind: "connecting", why: "refused" };
const keyRefused = { kind: "connecting", why: "keyRefused" };

test.each([
  ["the server went away", open(1001), { shows: lost, waitMs: 0 }],
  ["the socket broke", open(1006), { shows: lost, waitMs: 0 }],
  ["it broke right after it opened", open(1006, 20), { shows: lost, waitMs: 1_000 }],
  ["we were too slow", open(4429), { shows: lost, waitMs: 2_000 }],
  ["another connection took over", open(4409), { shows: { kind: "superseded" }, waitMs: "never" }],
  ["the pairing was ended", open(4410), { shows: { kind: "revoked" }, waitMs: "never", effect: "forgetKey" }],
  ["the version is dropped", open(4426), { shows: { kind: "wrongVersion" }, waitMs: 60_000 }],
  ["the key does not count any more", open(4401), { shows: keyRefused, waitMs: 60_000 }],
])("after an open connection: %s", (_, facts, step) => expect(stepRedial(facts)).toEqual(step));

test.each([
  ["the key is not known", closed({ code: 4401 }), { shows: keyRefused, waitMs: 60_000 }],
  [
    "the code does not count",
    closed({ code: 4401 }, { with: "code" }),
    { shows: { kind: "notPaired", why: "policyRefused" }, waitMs: 0, effect: "refuseCode" },
  ],
  ["an impostor", closed({ fault: "impostor" }), { shows: { kind: "impostor" }, waitMs: 60_000 }],
  [
    "no version in common",
    closed({ fault: "version", theirs: [2, 3] }),
    { shows: { kind: "wrongVersion", theirs: [2, 3] }, waitMs: 60_000 },
  ],
  ["our version is refused", closed({ code: 4426 }), { shows: { kind: "wrongVersion" }, waitMs: 60_000 }],
  ["no socket for us", closed({ code: 1006, phase: "refused" }), { shows: refused, waitMs: 1_000 }],
  ["again", closed({ code: 1006, phase: "refused" }, { failures: 2 }), { shows: refused, waitMs: 4_000 }],
  ["and again", closed({ code: 1006, phase: "refused" }, { failures: 50 }), { shows: refused, waitMs: 15_000 }],
])("before it opened: %s", (_, facts, step) => expect(stepRedial(facts)).toEqual(step));

test.each([4409, 4410])("who has not proved itself can neither hold us off nor cost us the key: %i", (code) => {
  expect(stepRedial(closed({ code }))).toEqual({ shows: refused, waitMs: 1_000 });
});
