import type { TurnState } from "@baa/contracts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { nextTurnState, TURN_TRIGGERS, type TurnTrigger } from "../../src/turns/turn-machine.ts";

const NONE = {
  forwarding: undefined,
  started: undefined,
  approvalRequested: undefined,
  approvalsCleared: undefined,
  completed: undefined,
  failed: undefined,
  interrupted: undefined,
  lost: undefined,
};

const TABLE: Record<TurnState, Record<TurnTrigger, TurnState | undefined>> = {
  accepted: {
    forwarding: "forwarding",
    started: "running",
    approvalRequested: undefined,
    approvalsCleared: undefined,
    completed: undefined,
    failed: "failed",
    interrupted: "interrupted",
    lost: undefined,
  },
  forwarding: {
    forwarding: undefined,
    started: "running",
    approvalRequested: undefined,
    approvalsCleared: undefined,
    completed: "completed",
    failed: "failed",
    interrupted: "interrupted",
    lost: "lost",
  },
  running: {
    forwarding: undefined,
    started: undefined,
    approvalRequested: "awaitingApproval",
    approvalsCleared: undefined,
    completed: "completed",
    failed: "failed",
    interrupted: "interrupted",
    lost: "lost",
  },
  awaitingApproval: {
    forwarding: undefined,
    started: undefined,
    approvalRequested: "awaitingApproval",
    approvalsCleared: "running",
    completed: "completed",
    failed: "failed",
    interrupted: "interrupted",
    lost: "lost",
  },
  completed: NONE,
  failed: NONE,
  interrupted: NONE,
  lost: NONE,
};

const cells = Object.entries(TABLE).flatMap(([state, row]) =>
  Object.entries(row).map(([trigger, next]) => ({ state: state as TurnState, trigger: trigger as TurnTrigger, next })),
);

test("the table has every state and every trigger", () => {
  expect(cells).toHaveLength(64);
  expect([...TURN_TRIGGERS]).toEqual(Object.keys(NONE));
});

test.each(cells)("$state on $trigger -> $next", ({ state, trigger, next }) => {
  expect(nextTurnState(state, trigger)).toBe(next);
});

test("whatever comes, a turn ends at most once and nothing leaves an end", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...TURN_TRIGGERS), { maxLength: 40 }), (triggers) => {
      const ends = ["completed", "failed", "interrupted", "lost"];
      let state: TurnState = "accepted";
      let ended = 0;
      for (const trigger of triggers) {
        const next = nextTurnState(state, trigger);
        if (next === undefined) continue;
        expect(ends).not.toContain(state);
        state = next;
        if (ends.includes(state)) ended += 1;
      }
      expect(ended).toBeLessThanOrEqual(1);
    }),
  );
});
