import { expect, it } from "vitest";
import { LastAnswer } from "../../src/sources/last-answer.ts";
import { singleFlight } from "../../src/sources/single-flight.ts";

function answer() {
  const time = { ms: 1000 };
  const last = new LastAnswer<string>({ monoMs: () => time.ms }, () => `at ${time.ms}`);
  return { time, last };
}

it("knows nothing at first, also when it was asked in vain", () => {
  const { last } = answer();
  expect([last.value, last.freshness()]).toEqual([undefined, undefined]);
  last.miss("refused");
  expect([last.value, last.freshness()]).toEqual([undefined, undefined]);
});

it("is fresh until it is asked in vain; then it is as old as its last answer, and never 0", () => {
  const { last, time } = answer();
  last.take("a");
  time.ms += 60_000;
  expect(last.freshness()).toEqual({ asOf: "at 1000", staleMs: 0 });
  last.miss("refused");
  expect([last.value, last.freshness()]).toEqual(["a", { asOf: "at 1000", staleMs: 60_000, staleReason: "refused" }]);
  last.take("b");
  last.miss("late");
  expect(last.freshness()).toEqual({ asOf: "at 61000", staleMs: 1, staleReason: "late" });
  last.take("c");
  expect([last.value, last.freshness()]).toEqual(["c", { asOf: "at 61000", staleMs: 0 }]);
});

it("callers at the same time share one flight; the next one flies anew", async () => {
  let flights = 0;
  const fly = singleFlight(async () => (flights += 1));
  expect(await Promise.all([fly(), fly(), fly()])).toEqual([1, 1, 1]);
  expect(await fly()).toBe(2);
});
