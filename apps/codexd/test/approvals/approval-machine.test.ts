import fc from "fast-check";
import { expect, test } from "vitest";
import {
  APPROVAL_PHASES,
  APPROVAL_TRIGGERS,
  type ApprovalPhase,
  type ApprovalTrigger,
  nextApprovalPhase,
} from "../../src/approvals/approval-machine.ts";

const TABLE: Record<ApprovalPhase, Record<ApprovalTrigger, ApprovalPhase | undefined>> = {
  pending: { decided: "decided", resolved: "resolved" },
  decided: { decided: undefined, resolved: "resolved" },
  resolved: { decided: undefined, resolved: undefined },
};

const cells = Object.entries(TABLE).flatMap(([phase, row]) =>
  Object.entries(row).map(([trigger, next]) => ({
    phase: phase as ApprovalPhase,
    trigger: trigger as ApprovalTrigger,
    next,
  })),
);

test("the table has every phase and every trigger", () => {
  expect(Object.keys(TABLE)).toEqual([...APPROVAL_PHASES]);
  expect(cells).toHaveLength(APPROVAL_PHASES.length * APPROVAL_TRIGGERS.length);
});

test.each(cells)("$phase on $trigger -> $next", ({ phase, trigger, next }) => {
  expect(nextApprovalPhase(phase, trigger)).toBe(next);
});

test("whatever comes, an approval is decided at most once and resolved at most once", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...APPROVAL_TRIGGERS), { maxLength: 20 }), (triggers) => {
      let phase: ApprovalPhase = "pending";
      const taken: ApprovalPhase[] = [];
      for (const trigger of triggers) {
        const next = nextApprovalPhase(phase, trigger);
        if (next === undefined) continue;
        taken.push(next);
        phase = next;
      }
      expect([[], ["decided"], ["resolved"], ["decided", "resolved"]]).toContainEqual(taken);
    }),
  );
});
