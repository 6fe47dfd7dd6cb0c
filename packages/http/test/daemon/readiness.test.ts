import { expect, test } from "vitest";
import { damageReason, readyzReply } from "../../src/index.ts";

test("without a reason it is ready", () => {
  expect(readyzReply([], { "retry-after": "5" })).toEqual({ body: { status: "ready", reasons: [] } });
});

test("with one it is not, and says which", () => {
  const reasons = [damageReason({ file: "/s/events", fault: "is cut", help: "Run salvage." })];
  expect(readyzReply(reasons, { "retry-after": "5" })).toEqual({
    status: 503,
    body: { status: "notReady", reasons: [{ code: "storage_damaged", message: "/s/events: is cut. Run salvage." }] },
    headers: { "retry-after": "5" },
  });
});
