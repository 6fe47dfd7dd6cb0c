import { describe, expect, it } from "vitest";
import { afterAttempt, reasonOf, waitMs } from "../../src/hooks/delivery-machine.ts";

const o = { nowMs: 1_000_000, chance: 0 };
const answered = (status: number) => ({ kind: "answered", status }) as const;

describe("after an attempt", () => {
  it.each([200, 201, 202, 204, 299])("%i: delivered", (status) => {
    expect(afterAttempt(0, answered(status), o)).toEqual({ state: "delivered", attempts: 1 });
  });
  it.each([301, 302, 307, 308, 400, 401, 404, 408, 429, 500, 502, 503])("%i: tried again", (status) => {
    expect(afterAttempt(0, answered(status), o)).toEqual({ state: "pending", attempts: 1, nextMs: 1_002_000 });
  });
  it("410: given up at once, the receiver wants no more", () => {
    expect(afterAttempt(0, answered(410), o)).toEqual({ state: "failed", attempts: 1 });
  });
  it("no answer: tried again, and given up after thirty attempts", () => {
    const outcome = { kind: "unanswered", reason: "ECONNREFUSED" } as const;
    expect(afterAttempt(28, outcome, o)).toMatchObject({ state: "pending", attempts: 29 });
    expect(afterAttempt(29, outcome, o)).toEqual({ state: "failed", attempts: 30 });
  });
});

it("waits double from two seconds to an hour, less what chance takes off", () => {
  const waits = [1, 2, 3, 11, 12, 29].map((attempts) => waitMs(attempts, 0));
  expect(waits).toEqual([2_000, 4_000, 8_000, 2_048_000, 3_600_000, 3_600_000]);
  expect(waitMs(1, 1)).toBe(1_500);
});

it("says why an attempt did not count", () => {
  expect(reasonOf(answered(204))).toBeUndefined();
  expect(reasonOf(answered(302))).toBe("answered 302; redirects are not followed");
  expect(reasonOf(answered(500))).toBe("answered 500");
  expect(reasonOf({ kind: "unanswered", reason: "ECONNREFUSED" })).toBe("ECONNREFUSED");
});
