import { expect, test } from "vitest";
import { Peer } from "../support/peer.ts";

// The figure to reach is 10 us a notification in this layer; a test asserts three times that, on a busy machine.
test("50,000 deltas in pipe-sized chunks cost less than 30 us each, and all of them arrive in order", () => {
  const peer = new Peer();
  const line = (index: number): string =>
    `${JSON.stringify({
      method: "item/agentMessage/delta",
      params: { threadId: "019a", turnId: "019b", itemId: "msg_1", delta: `word ${index} ` },
      emittedAtMs: 1_795_345_607_092,
    })}\n`;
  const bytes = Buffer.from(Array.from({ length: 50_000 }, (_, index) => line(index)).join(""));
  const started = performance.now();
  for (let at = 0; at < bytes.length; at += 65_536) peer.sayRaw(bytes.subarray(at, at + 65_536));
  const microseconds = ((performance.now() - started) * 1_000) / 50_000;
  expect(peer.notifications).toHaveLength(50_000);
  expect(peer.notifications[49_999]).toMatchObject({ params: { delta: "word 49999 " } });
  expect(microseconds).toBeLessThan(30);
});
