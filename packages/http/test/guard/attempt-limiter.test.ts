import { expect, it } from "vitest";
import { AttemptLimiter } from "../../src/guard/attempt-limiter.ts";

it("remembers a bounded number of addresses; the oldest is forgotten first", () => {
  const limiter = new AttemptLimiter({ clock: { monoMs: () => 0 }, attemptsMax: 1, addressesMax: 2 });
  const limited = ["a", "a", "b", "b", "c", "b", "a"].map((address) => limiter.fail(address).limited);
  expect(limited).toEqual([false, true, false, true, false, true, false]);
});
