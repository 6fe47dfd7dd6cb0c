import { expect, test } from "vitest";
import type { Core } from "../../src/core.ts";
import { eventSource } from "../../src/http/event-source.ts";
import { openJournal } from "../support/journal.ts";
import { accepted, created, event, RUNNING } from "../support/records.ts";

test("while there is no log: an empty source that harms nobody", () => {
  const source = eventSource(() => undefined);
  expect([source.logId, source.oldest(), source.head()]).toEqual(["none", 1, 0]);
  expect(source.read(7, { maxRecords: 1, maxBytes: 1 })).toEqual({ frames: [], lastSeq: 7 });
  source.onAppend(() => undefined)();
  expect(source.snapshot()).toEqual({ asOfSeq: 0, openTurns: [], pendingApprovals: [] });
});

test("otherwise the log itself, and for a reader without a usable cursor what is open", async () => {
  const ended = { turnId: "turn_0" };
  const { journal, log } = await openJournal({
    events: [created(), accepted(ended), event("turn.failed", {}, ended), ...RUNNING.slice(1)],
  });
  const core = { journal, approvals: { pending: () => [{ id: "apr_1" }] } } as unknown as Core;
  const source = eventSource(() => core);
  expect(source.logId).toBe(log.logId);
  expect([source.oldest(), source.head()]).toEqual([1, 6]);
  expect(source.read(5, { maxRecords: 5, maxBytes: 1000 }).frames.map(({ seq }) => seq)).toEqual([6]);
  expect(source.snapshot()).toMatchObject({
    asOfSeq: 6,
    openTurns: [{ id: "turn_1", state: "running" }],
    pendingApprovals: [{ id: "apr_1" }],
  });
});
