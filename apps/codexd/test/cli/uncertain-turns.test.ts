import { expect, test } from "vitest";
import { uncertainTurns } from "../../src/cli/salvage/uncertain-turns.ts";
import type { TurnRecord } from "../../src/registry/records.ts";

const turn = (id: string, acceptedSeq: number, state: TurnRecord["state"] = "accepted"): TurnRecord => ({
  id,
  sessionId: "ses_1",
  state,
  origin: "client",
  createdAt: "2026-01-02T03:04:05.000Z",
  acceptedSeq,
  openItems: [],
  pendingApprovals: 0,
});

const ids = (turns: readonly TurnRecord[], o: Partial<Parameters<typeof uncertainTurns>[1]> = {}) =>
  uncertainTurns(turns, { holes: [], keptFrom: 1, keptTo: 100, ...o }).map(({ id }) => id);

test("a whole log: an accepted turn was not forwarded, and may be", () => {
  expect(ids([turn("a", 5)])).toEqual([]);
});

test("what is lost behind its acceptance may have been that it was forwarded", () => {
  expect(ids([turn("before", 5), turn("behind", 12)], { holes: [{ from: 8, to: 10 }] })).toEqual(["before"]);
});

test("its acceptance with its input does not stay in the log", () => {
  expect(ids([turn("old", 5), turn("kept", 50), turn("cut", 99)], { keptFrom: 10, keptTo: 90 })).toEqual([
    "old",
    "cut",
  ]);
});

test("turns that are known to be with Codex are settled from its history anyway", () => {
  const turns = [turn("a", 5, "forwarding"), turn("b", 5, "running"), turn("c", 5, "awaitingApproval")];
  expect(ids(turns, { holes: [{ from: 8, to: 10 }] })).toEqual([]);
});
