import fc from "fast-check";
import { expect, test } from "vitest";

import { createId, createIdSource } from "../src/index.ts";

const zeros = (size: number): Uint8Array => new Uint8Array(size);
const ones = (size: number): Uint8Array => new Uint8Array(size).fill(0xff);

test("an id is its prefix and the 32 hex digits of a UUIDv7", () => {
  const id = createIdSource(zeros)("turn_", 0x0123_4567_89ab);
  expect(id).toBe("turn_0123456789ab70008000000000000000");
});

test("the version and variant bits stand whatever the random bits are", () => {
  const id = createIdSource(ones)("", 1);
  expect(id).toBe("00000000000177ffbfffffffffffffff");
});

test("ids of one millisecond count on", () => {
  const next = createIdSource(zeros);
  expect([next("", 1), next("", 1), next("", 1)]).toEqual([
    "00000000000170008000000000000000",
    "00000000000170008000000000000001",
    "00000000000170008000000000000002",
  ]);
});

test("a clock that was set back does not set ids back", () => {
  const next = createIdSource(zeros);
  next("", 5);
  expect(next("", 3)).toBe("00000000000570008000000000000001");
});

test("the random bits count over from each of their parts into the one before", () => {
  const next = createIdSource(ones); // steps of one
  next("", 1);
  expect(next("", 1)).toBe("00000000000178008000000000000000");
});

test("ids are strictly increasing and unique under any clock", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3), { minLength: 1, maxLength: 200 }), (times) => {
      const next = createIdSource();
      const ids = times.map((ms) => next("", ms));
      expect([...ids].sort()).toEqual(ids);
      expect(new Set(ids).size).toBe(ids.length);
    }),
  );
});

test("createId is ordered across its callers", () => {
  const ids = Array.from({ length: 1000 }, () => createId("ses_"));
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(1000);
  expect(ids.every((id) => /^ses_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/.test(id))).toBe(true);
});
