import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  FIREFOX_COMMAND_STATES,
  FIREFOX_ERRORS,
  type FirefoxCommandInput,
  type FirefoxCommandState,
  isOpenCommand,
  stepFirefoxCommand,
} from "../../src/firefox/index.ts";

const failed = (code: string, outcome: "notDone" | "done" | "unknown"): FirefoxCommandInput => ({
  kind: "result",
  error: { code, message: "m", outcome },
});
const INPUTS = {
  sent: { kind: "sent" },
  accepted: { kind: "accepted" },
  "result: value": { kind: "result", error: undefined },
  "result: not done": failed("site_not_allowed", "notDone"),
  "result: done, yet an error": failed("too_large", "done"),
  "result: unknown": failed("interrupted", "unknown"),
  "result: cancelled": failed("cancelled", "notDone"),
  "result: cancelled, unknown": failed("cancelled", "unknown"),
  cancel: { kind: "cancel" },
  deadline: { kind: "deadline" },
  "grace is over": { kind: "grace is over" },
  revoked: { kind: "revoked" },
} as const satisfies Record<string, FirefoxCommandInput>;
type Name = keyof typeof INPUTS;

/** What a step says in short: state, then ours to explain (code, outcome), or what the browser is told. */
const inShort = (state: FirefoxCommandState, effect: "read" | "write", name: Name): string => {
  const step = stepFirefoxCommand({ state, effect }, INPUTS[name]);
  const { error, tellBrowser } = step;
  return [
    step.state,
    ...(error === undefined ? [] : [error.code, error.outcome]),
    ...(tellBrowser === undefined ? [] : [`tell ${tellBrowser}`]),
  ].join(" ");
};

const RESULTS = {
  "result: value": ["completed"],
  "result: not done": ["failed"],
  "result: done, yet an error": ["failed"],
  "result: unknown": ["interrupted"],
  "result: cancelled": ["cancelled"],
  "result: cancelled, unknown": ["cancelled"],
} as const;
const CUT_OFF = ["failed timeout notDone", "interrupted interrupted unknown"] as const;

/** For a read, and for a write where that is another thing. */
const TABLE: Record<"queued" | "sent" | "running", Record<Name, readonly [string, string?]>> = {
  queued: {
    sent: ["sent"],
    accepted: ["running"],
    ...RESULTS,
    cancel: ["cancelled cancelled notDone"],
    deadline: ["expired timeout notDone"],
    "grace is over": ["expired timeout notDone"],
    revoked: ["cancelled cancelled notDone"],
  },
  sent: {
    sent: ["sent"],
    accepted: ["running"],
    ...RESULTS,
    cancel: ["sent tell cancel"],
    deadline: ["sent tell cancel"],
    "grace is over": CUT_OFF,
    revoked: CUT_OFF,
  },
  running: {
    sent: ["running"],
    accepted: ["running"],
    ...RESULTS,
    cancel: ["running tell cancel"],
    deadline: ["running tell cancel"],
    "grace is over": CUT_OFF,
    revoked: CUT_OFF,
  },
};

describe("a command that is open", () => {
  for (const [state, row] of Object.entries(TABLE)) {
    it.each(Object.entries(row))(`${state}: %s`, (name, [read, write = read]) => {
      expect(inShort(state as FirefoxCommandState, "read", name as Name)).toBe(read);
      expect(inShort(state as FirefoxCommandState, "write", name as Name)).toBe(write);
    });
  }

  it("is open in these states and no others", () => {
    expect(FIREFOX_COMMAND_STATES.filter(isOpenCommand)).toEqual(["queued", "sent", "running"]);
  });
});

describe("a command that has ended", () => {
  it.each(FIREFOX_COMMAND_STATES.filter((state) => !isOpenCommand(state)))("%s: stays so, whatever comes", (state) => {
    for (const name of Object.keys(INPUTS) as Name[]) {
      for (const effect of ["read", "write"] as const)
        expect([name, inShort(state, effect, name)]).toEqual([name, state]);
    }
  });
});

const names = fc.constantFrom(...(Object.keys(INPUTS) as Name[]));
const effects = fc.constantFrom("read" as const, "write" as const);

describe("whatever comes, in whatever order", () => {
  it("a command ends at most once, and only time, the browser or the operator ends it", () => {
    fc.assert(
      fc.property(effects, fc.array(names, { maxLength: 30 }), (effect, sent) => {
        let state: FirefoxCommandState = "queued";
        let ends = 0;
        for (const name of sent) {
          const step = stepFirefoxCommand({ state, effect }, INPUTS[name]);
          if (isOpenCommand(state) && !isOpenCommand(step.state)) {
            ends += 1;
            expect(["sent", "accepted"]).not.toContain(name);
          }
          // Backwards it never goes.
          expect(FIREFOX_COMMAND_STATES.indexOf(step.state)).toBeGreaterThanOrEqual(
            FIREFOX_COMMAND_STATES.indexOf(state),
          );
          state = step.state;
        }
        expect(ends).toBe(isOpenCommand(state) ? 0 : 1);
      }),
      { numRuns: 3000 },
    );
  });

  it("the grace after a deadline is always its end", () => {
    fc.assert(
      fc.property(effects, fc.array(names, { maxLength: 10 }), (effect, before) => {
        let state: FirefoxCommandState = "queued";
        for (const name of [...before, "deadline", "grace is over"] as const) {
          ({ state } = stepFirefoxCommand({ state, effect }, INPUTS[name]));
        }
        expect(isOpenCommand(state)).toBe(false);
      }),
    );
  });

  it("a write that was sent is never said to be not done unless the browser says so", () => {
    fc.assert(
      fc.property(fc.constantFrom("sent" as const, "running" as const), names, (state, name) => {
        const { error } = stepFirefoxCommand({ state, effect: "write" }, INPUTS[name]);
        if (error !== undefined) expect(error.outcome).toBe("unknown");
      }),
    );
  });

  it("what we explain ourselves has a known code and a sentence", () => {
    for (const state of FIREFOX_COMMAND_STATES) {
      for (const name of Object.keys(INPUTS) as Name[]) {
        for (const effect of ["read", "write"] as const) {
          const { error } = stepFirefoxCommand({ state, effect }, INPUTS[name]);
          if (error === undefined) continue;
          expect(Object.keys(FIREFOX_ERRORS)).toContain(error.code);
          expect(error.message).toMatch(/^[A-Z][^\n]*[^.\s]\.$/);
        }
      }
    }
  });
});
