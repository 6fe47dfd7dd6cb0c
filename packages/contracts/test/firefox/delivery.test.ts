import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FirefoxCommandState, isOpenCommand } from "../../src/firefox/index.ts";
import { DeliveryModel } from "./delivery-model.ts";

const STEPS = {
  connect: (m) => m.connect(),
  "cut the socket": (m) => m.cut(),
  "kill the background": (m) => m.killBackground(),
  "kill the page": (m) => m.killPage(),
  "frame to the server": (m) => m.toServer(),
  "frame to the browser": (m) => m.toBrowser(),
  work: (m) => m.work(),
  cancel: (m) => m.input({ kind: "cancel" }),
  deadline: (m) => m.input({ kind: "deadline" }),
  "grace is over": (m) => m.input({ kind: "grace is over" }),
} as const satisfies Record<string, (model: DeliveryModel) => void>;
type Step = keyof typeof STEPS;
const LIKELY: Step[] = ["connect", "frame to the server", "frame to the browser", "work"];
const steps = fc.array(
  fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...LIKELY) }, fc.constantFrom(...(Object.keys(STEPS) as Step[]))),
  { maxLength: 60 },
);
const kinds = fc.record({ effect: fc.constantFrom("read" as const, "write" as const), isInPage: fc.boolean() });

/** Then nothing goes wrong any more: everything arrives and all work is done. */
const comeToRest = (model: DeliveryModel): void => {
  model.cut();
  model.connect();
  for (let i = 0; i < 10; i += 1) for (const step of LIKELY) STEPS[step](model);
};

describe("a command, whatever dies and whenever", () => {
  it("a write is done once at most, and is said to be done, not done or unknown as is true", () => {
    const seen = new Set<FirefoxCommandState>();
    fc.assert(
      fc.property(kinds, steps, (kind, schedule) => {
        const model = new DeliveryModel(kind);
        for (const step of schedule) STEPS[step](model);
        comeToRest(model);
        seen.add(model.state);
        expect([isOpenCommand(model.state), model.ends]).toEqual([false, 1]);
        if (model.state === "completed") expect(model.effects).toBeGreaterThanOrEqual(1);
        if (kind.effect === "read") return;
        expect(model.effects).toBeLessThanOrEqual(1);
        if (model.outcome === "notDone") expect(model.effects).toBe(0);
        if (model.outcome === "done") expect(model.effects).toBe(1);
      }),
      { numRuns: 20_000 },
    );
    // The schedules are worth something: every way to end a write was met.
    expect([...seen].toSorted()).toEqual(["cancelled", "completed", "expired", "failed", "interrupted"]);
  });

  it("without a death it is done once and completed", () => {
    fc.assert(
      fc.property(
        kinds,
        fc.array(fc.constantFrom<Step>(...LIKELY, "cut the socket"), { maxLength: 60 }),
        (kind, schedule) => {
          const model = new DeliveryModel(kind);
          for (const step of schedule) STEPS[step](model);
          comeToRest(model);
          expect([model.state, model.effects]).toEqual(["completed", 1]);
        },
      ),
      { numRuns: 5000 },
    );
  });

  it("a chat in a page goes on when the background dies", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom<Step>(...LIKELY, "kill the background"), { maxLength: 60 }), (schedule) => {
        const model = new DeliveryModel({ effect: "write", isInPage: true });
        for (const step of schedule) STEPS[step](model);
        comeToRest(model);
        expect([model.state, model.effects]).toEqual(["completed", 1]);
      }),
      { numRuns: 5000 },
    );
  });
});
