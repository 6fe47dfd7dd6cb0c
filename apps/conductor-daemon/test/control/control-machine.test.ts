import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyControl, modeOf, nextExpiry } from "../../src/control/control-machine.ts";

const reason = (id: string, mode: "paused" | "draining", expiresAt?: string) => ({
  id,
  mode,
  by: "shared",
  at: "2026-01-01T00:00:00.000Z",
  ...(expiresAt === undefined ? {} : { expiresAt }),
});
const SOON = "2026-01-01T00:00:10.000Z";
const LATER = "2026-01-01T01:00:00.000Z";

describe("control", () => {
  it.each([
    ["no reason", [], "running"],
    ["one to pause", [reason("a", "paused")], "paused"],
    ["one to drain", [reason("a", "draining")], "draining"],
    ["both", [reason("a", "draining"), reason("b", "paused")], "draining"],
  ] as const)("%s", (_name, reasons, mode) => {
    expect(modeOf(reasons)).toBe(mode);
  });

  it("the same id is one reason, whatever its mode", () => {
    const set = applyControl([reason("a", "draining"), reason("b", "paused")], {
      kind: "set",
      reason: reason("a", "paused"),
    });
    expect(set.map(({ id, mode }) => [id, mode])).toEqual([
      ["b", "paused"],
      ["a", "paused"],
    ]);
  });

  it("taking back one reason leaves the others; taking back all leaves none", () => {
    const both = [reason("a", "draining"), reason("b", "paused")];
    expect(modeOf(applyControl(both, { kind: "take back", id: "a" }))).toBe("paused");
    expect(applyControl(both, { kind: "take all back" })).toEqual([]);
  });

  it("what changes nothing gives the same array back", () => {
    const reasons = [reason("a", "paused", LATER)];
    expect(applyControl(reasons, { kind: "take back", id: "b" })).toBe(reasons);
    expect(applyControl(reasons, { kind: "time passed", now: SOON })).toBe(reasons);
  });

  it("a reason goes at its time, not before", () => {
    const reasons = [reason("a", "draining", SOON), reason("b", "paused")];
    expect(nextExpiry(reasons)).toBe(SOON);
    expect(modeOf(applyControl(reasons, { kind: "time passed", now: "2026-01-01T00:00:09.999Z" }))).toBe("draining");
    expect(modeOf(applyControl(reasons, { kind: "time passed", now: SOON }))).toBe("paused");
    expect(nextExpiry([reason("b", "paused")])).toBeUndefined();
  });

  it("whoever sets a reason finds it until it is taken back, whatever others do with theirs", () => {
    const id = fc.constantFrom("b", "c", "d");
    const others = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant("set" as const), reason: id.map((name) => reason(name, "paused")) }),
        fc.record({ kind: fc.constant("take back" as const), id }),
      ),
    );
    fc.assert(
      fc.property(others, (inputs) => {
        const start = applyControl([], { kind: "set", reason: reason("a", "draining") });
        expect(modeOf(inputs.reduce(applyControl, start))).toBe("draining");
      }),
    );
  });
});
