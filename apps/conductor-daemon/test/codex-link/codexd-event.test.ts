import { describe, expect, it } from "vitest";
import { toOutbox } from "../../src/codex-link/codexd-event.ts";

const event = (type: string, data: Record<string, unknown>) => ({
  seq: 7,
  at: "t",
  type,
  sessionId: "ses_1",
  turnId: "turn_1",
  data,
});

describe("an event of codexd in conductor's feed", () => {
  it("keeps names and states, and says where it stands in codexd's log", () => {
    const made = toOutbox(
      event("turn.failed", { reason: "x", error: { code: "not_started", retryable: true } }),
      "log_1",
    );
    expect(made).toMatchObject({
      type: "turn.failed",
      sessionId: "ses_1",
      turnId: "turn_1",
      data: { reason: "x", error: { code: "not_started", retryable: true }, codexd: { logId: "log_1", seq: 7 } },
    });
  });

  it.each([
    ["turn.accepted", { input: "SECRET", origin: "client" }],
    ["turn.steered", { input: "SECRET", inputId: "i" }],
    ["turn.failed", { error: { code: "c", message: "SECRET" } }],
    ["session.updated", { session: { id: "ses_1", title: "SECRET", cwd: "/SECRET", metadata: { a: "SECRET" } } }],
    ["approval.requested", { kind: "command", command: "SECRET", changes: [{ path: "SECRET" }], cwd: "SECRET" }],
    ["approval.resolved", { decision: "accept", note: "SECRET", answers: { q: ["SECRET"] } }],
    ["child.degraded", { stderr: "SECRET" }],
    ["something.new", { text: "SECRET" }],
  ])("%s is taken over without what somebody wrote", (type, data) => {
    expect(JSON.stringify(toOutbox(event(type, data), "log_1"))).not.toContain("SECRET");
  });
});
