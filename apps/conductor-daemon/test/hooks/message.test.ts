import { expect, it } from "vitest";
import { messageOf } from "../../src/hooks/message.ts";

const place = { logId: "out_1", seq: 7 };
const at = "2026-11-26T10:00:00.000Z";

it("a turn's end says which turn, how it ended and why, in the words of the registry", () => {
  const data = { reason: "child_exited", error: { code: "not_started", retryable: true, message: "secret words" } };
  expect(
    messageOf({ at, type: "turn.failed", sessionId: "ses_1", turnId: "turn_1", codexRunId: "crun_1", data }, place),
  ).toEqual({
    type: "turn.failed",
    timestamp: at,
    data: {
      event: place,
      sessionId: "ses_1",
      turnId: "turn_1",
      codexRunId: "crun_1",
      state: "failed",
      reason: "child_exited",
      error: { code: "not_started", retryable: true },
    },
  });
});

it("nothing that somebody wrote is in a message, whatever field it stands in", () => {
  const text = "the operator's own words";
  const event = {
    at,
    type: "approval.requested",
    approvalId: "apr_1",
    data: {
      kind: "command",
      expiresAt: at,
      reason: text,
      itemId: text,
      command: text,
      cwd: "/home/me",
      usage: { total: 5, note: text },
      decisions: [text],
      error: { code: text },
    },
  };
  expect(JSON.stringify(messageOf(event, place))).not.toMatch(/words|home/);
  expect(messageOf(event, place).data).toEqual({
    event: place,
    approvalId: "apr_1",
    kind: "command",
    expiresAt: at,
    error: {},
    usage: { total: 5 },
  });
});
