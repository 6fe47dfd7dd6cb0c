import { describe, expect, it } from "vitest";
import type { MemoryEvent } from "../memory-source.ts";
import { started } from "./started-feed.ts";

describe("filters", () => {
  const mixed: MemoryEvent[] = [
    { type: "session.created", sessionId: "s1" },
    { type: "turn.started", sessionId: "s1", turnId: "t1" },
    { type: "item.delta", sessionId: "s1", turnId: "t1", data: { text: '"sessionId":"s2"' } },
    { type: "turn.started", sessionId: "s2", turnId: "t2" },
    { type: "turn.completed", sessionId: "s1", turnId: "t1" },
    { type: "turnaround", sessionId: "s1" },
  ];
  it.each([
    ["?after=0&sessionId=s2", [4]],
    ["?after=0&turnId=t1", [2, 3, 5]],
    ["?after=0&types=turn.*", [2, 4, 5]],
    ["?after=0&types=turn.started,session.created", [1, 2, 4]],
    ["?after=0&types=turn.*&sessionId=s1", [2, 5]],
    ["?after=0&types=*", [1, 2, 3, 4, 5, 6]],
    ["?after=0&types=turn.started, turnaround", [2, 4, 6]],
    ["?after=0&types=!item.delta", [1, 2, 4, 5, 6]],
    ["?after=0&types=*,!turn.*", [1, 3, 6]],
    ["?after=0&types=!turn.started,turn.*", [5]],
  ])("%s", async (query, expected) => {
    const { source, page, ws, sse } = await started();
    source.append(...mixed);
    expect((await page(query)).events.map((event: { seq: number }) => event.seq)).toEqual(expected);
    for (const client of [ws(query), sse(query)]) {
      await client.until((book) => book.seqs.length === expected.length);
      expect(client.seqs).toEqual(expected);
    }
  });

  it.each(["turn.", "*.x", "turn*", "", "a,,b", "!", "!!turn.*", "turn.**", "x".repeat(40)])(
    "types=%j is 422",
    async (types) => {
      const { page } = await started();
      expect(await page(`?types=${encodeURIComponent(types)}`)).toMatchObject({
        status: 422,
        code: "invalid",
        errors: [{ path: "query.types" }],
      });
    },
  );
});
