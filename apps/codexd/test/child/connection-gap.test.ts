import { expect, test } from "vitest";
import { ConnectionGap } from "../../src/child/connection-gap.ts";

const nowText = (): string => "2026-01-02T03:04:05.000Z";

test("with an empty log nothing can have been missed", () => {
  expect(new ConnectionGap({ nowText, lastSeq: 0 }).event(1)).toBeUndefined();
});

test("the time in which codexd did not run is a gap, told once", () => {
  const gap = new ConnectionGap({ nowText, lastSeq: 41 });
  expect(gap.event(7)).toEqual({
    type: "child.gap",
    data: { generation: 7, lastSeq: 41, reason: "codexd was not running" },
  });
  expect(gap.close()).toEqual([]);
  expect(gap.event(8)).toBeUndefined();
});

test("a lost connection is a gap, with the threads that were loaded before it", () => {
  const gap = new ConnectionGap({ nowText, lastSeq: 0 });
  gap.lost({ generation: 3, reason: "closed with 1006" }, { lastSeq: 12, threads: ["thr_1"] });
  expect(gap.event(4)).toEqual({
    type: "child.gap",
    data: { generation: 4, lastSeq: 12, since: "2026-01-02T03:04:05.000Z", reason: "closed with 1006" },
  });
  expect(gap.close()).toEqual(["thr_1"]);
  expect(gap.close()).toEqual([]);
});
