import { describe, expect, it } from "vitest";
import { actionFor, type JournalAction } from "../../src/firefox/index.ts";

/** For a read and a write that the background does, then for those that the page does. */
const TABLE: Record<string, readonly [JournalAction, JournalAction, JournalAction, JournalAction]> = {
  absent: ["run", "run", "run", "run"],
  "started by this background": ["accept", "accept", "accept", "accept"],
  "started by one that has died": ["run", "interrupt", "attach", "attach"],
  "done by this background": ["replay", "replay", "replay", "replay"],
  "done by one that has died": ["replay", "replay", "replay", "replay"],
};

describe("a command that is delivered", () => {
  it.each(Object.entries(TABLE))("%s", (name, expected) => {
    const state = name.startsWith("started") ? "started" : name.startsWith("done") ? "done" : "absent";
    const isOurs = name.endsWith("this background");
    const actions = [false, true].flatMap((isInPage) =>
      (["read", "write"] as const).map((effect) => actionFor({ state, isOurs, effect, isInPage })),
    );
    expect(actions).toEqual(expected);
  });

  it("is run at its first delivery whoever is asked, for nobody began it", () => {
    expect(actionFor({ state: "absent", isOurs: true, effect: "write", isInPage: false })).toBe("run");
  });
});
