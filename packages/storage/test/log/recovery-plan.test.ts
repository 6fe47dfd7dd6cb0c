import { expect, test } from "vitest";
import { planRecovery, type RecoveryPlan } from "../../src/log/recovery-plan.ts";
import type { BadLine, SegmentScan } from "../../src/log/segment-scan.ts";

const HEADER = {
  format: 1,
  minReader: 1,
  logId: "log_1",
  firstSeq: 100,
  ceiling: 65_635,
  bootId: "boot-a",
  at: "2026-01-01T00:00:00.000Z",
  previous: { firstSeq: 1, lastSeq: 99 },
};

type End = "clean" | "whole" | "torn" | "invalid" | "invalidThenIntact";

const BAD: Record<End, BadLine | undefined> = {
  clean: undefined,
  whole: undefined,
  torn: { offset: 1000, kind: "torn", fault: "cut", isFollowedByIntact: false },
  invalid: { offset: 1000, kind: "invalid", fault: "bad", isFollowedByIntact: false },
  invalidThenIntact: { offset: 1000, kind: "invalid", fault: "bad", isFollowedByIntact: true },
};

function plan(end: End, o: { boot: "same" | "other"; marked: "behind" | "level" | "ahead" }): RecoveryPlan {
  const bad = BAD[end];
  const scan: SegmentScan = {
    lastSeq: 110,
    end: 1000,
    lacksNewline: false,
    isClean: end === "clean",
    index: { seqs: [], offsets: [], sessions: new Map() },
    ...(bad && { bad }),
  };
  const markedHead = { behind: 0, level: 110, ahead: 111 }[o.marked];
  return planRecovery({
    scan,
    header: HEADER,
    bytes: 1040,
    bootId: o.boot === "same" ? "boot-a" : "boot-b",
    markedHead,
  });
}

const REFUSE: RecoveryPlan = { kind: "refuse", offset: 1000, fault: "bad" };
const jump = (cutBytes: number): RecoveryPlan => ({
  kind: "go",
  cutBytes,
  gap: { from: 111, to: 65_635 },
  rollTo: 65_636,
  keepsTrailer: false,
});
const goOn = (cutBytes: number): RecoveryPlan => ({ kind: "go", cutBytes, keepsTrailer: false });

/** Complete: TypeScript asks for every end under every boot, with the marked head not ahead and ahead. */
const TABLE: Record<End, Record<"same" | "other", [normal: RecoveryPlan, ahead: RecoveryPlan]>> = {
  clean: {
    same: [goOn(0), jump(0)],
    other: [{ kind: "go", cutBytes: 0, rollTo: 111, keepsTrailer: true }, jump(0)],
  },
  whole: { same: [goOn(0), jump(0)], other: [jump(0), jump(0)] },
  torn: { same: [goOn(40), jump(40)], other: [jump(40), jump(40)] },
  invalid: { same: [REFUSE, REFUSE], other: [jump(40), jump(40)] },
  invalidThenIntact: { same: [REFUSE, REFUSE], other: [REFUSE, REFUSE] },
};

for (const [end, boots] of Object.entries(TABLE)) {
  for (const [boot, [normal, ahead]] of Object.entries(boots)) {
    test(`${end}, ${boot} boot`, () => {
      const at = { boot: boot as "same" | "other" };
      expect(plan(end as End, { ...at, marked: "behind" })).toEqual(normal);
      expect(plan(end as End, { ...at, marked: "level" })).toEqual(normal);
      expect(plan(end as End, { ...at, marked: "ahead" })).toEqual(ahead);
    });
  }
}
