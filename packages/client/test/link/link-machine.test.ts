import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LINK_INITIAL, type LinkInput, type LinkState, nextLink, probeDelayMs } from "../../src/link/link-machine.ts";

const at = "t2";
const STATES: Readonly<Record<string, LinkState>> = {
  unknown: LINK_INITIAL,
  up: { kind: "up", since: "t1", misses: 0 },
  "up, one missed": { kind: "up", since: "t1", misses: 1 },
  down: { kind: "down", since: "t1", reason: "before", probes: 3 },
};
const INPUTS: Readonly<Record<string, LinkInput>> = {
  answered: { kind: "answered", at },
  refused: { kind: "refused", at, reason: "now" },
  missed: { kind: "missed", at, reason: "late" },
};

/** Every state and every input; nothing is left out. */
const TABLE: readonly (readonly [string, string, LinkState])[] = [
  ["unknown", "answered", { kind: "up", since: "t2", misses: 0 }],
  ["unknown", "refused", { kind: "down", since: "t2", reason: "now", probes: 1 }],
  ["unknown", "missed", { kind: "down", since: "t2", reason: "late", probes: 1 }],
  ["up", "answered", { kind: "up", since: "t1", misses: 0 }],
  ["up", "refused", { kind: "down", since: "t2", reason: "now", probes: 1 }],
  ["up", "missed", { kind: "up", since: "t1", misses: 1 }],
  ["up, one missed", "answered", { kind: "up", since: "t1", misses: 0 }],
  ["up, one missed", "refused", { kind: "down", since: "t2", reason: "now", probes: 1 }],
  ["up, one missed", "missed", { kind: "down", since: "t2", reason: "late", probes: 1 }],
  ["down", "answered", { kind: "up", since: "t2", misses: 0 }],
  ["down", "refused", { kind: "down", since: "t1", reason: "now", probes: 4 }],
  ["down", "missed", { kind: "down", since: "t1", reason: "late", probes: 4 }],
];

describe("the link machine", () => {
  it("has a row for every state and input", () => {
    expect(TABLE.length).toBe(Object.keys(STATES).length * Object.keys(INPUTS).length);
  });

  it.each(TABLE)("%s, %s", (from, input, to) => {
    expect(nextLink(STATES[from] as LinkState, INPUTS[input] as LinkInput)).toEqual(to);
  });

  it("gives the same object back when nothing changes", () => {
    const up = STATES["up"] as LinkState;
    expect(nextLink(up, INPUTS["answered"] as LinkInput)).toBe(up);
  });

  it("finds a service again within 2 s of its return, however long it was away", () => {
    const inputs = fc.array(fc.constantFrom<LinkInput>(...Object.values(INPUTS)), { maxLength: 60 });
    fc.assert(
      fc.property(inputs, (list) => {
        const state = list.reduce(nextLink, LINK_INITIAL);
        if (state.kind === "down") expect(probeDelayMs(state)).toBeLessThanOrEqual(2000);
        expect(nextLink(state, { kind: "answered", at }).kind).toBe("up");
      }),
    );
  });

  it("probes a service that is away at 250, 500, 1000 and then every 2000 ms", () => {
    const delays = [1, 2, 3, 4, 50].map((probes) => probeDelayMs({ kind: "down", since: "t1", reason: "r", probes }));
    expect(delays).toEqual([250, 500, 1000, 2000, 2000]);
  });
});
