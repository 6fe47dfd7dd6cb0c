import http from "node:http";
import { describe, expect, it } from "vitest";
import { MemorySource } from "../memory-source.ts";
import { AUTHORIZED } from "../test-server.ts";
import { range, some, started } from "./started-feed.ts";

/** A log of 20 events of which 1 to 10 were dropped. */
function oldSource(): MemorySource {
  const source = new MemorySource();
  source.append(...some(20));
  source.dropTo(10);
  return source;
}

describe("cursors", () => {
  it.each(["x", "-1", "1.5", "1e3", ":1", "log_a:", "a:b:1", "1:", " 1", "9999999999999999", "log a:1", "%00"])(
    "%j is 400 on every face",
    async (after) => {
      const { page, ws, sse } = await started();
      const query = `?after=${encodeURIComponent(after)}`;
      expect(await page(query)).toMatchObject({ status: 400, code: "bad_cursor" });
      expect((await sse(query).head).statusCode).toBe(400);
      expect((await ws(query).closed).code).toBe(1006);
    },
  );

  it.each([
    ["too_old", "?after=3", 3],
    ["too_old", "?after=log_a:9", 9],
    ["ahead", "?after=21", 21],
    ["other_log", "?after=log_b:15", 15],
  ])("%s is announced with a snapshot, then everything from the oldest follows", async (reason, query, from) => {
    const { page, ws, sse } = await started({ source: oldSource() });
    const reset = { type: "reset", from, to: 10, reason, snapshot: { sessions: [] } };
    for (const client of [ws(query), sse(query)]) {
      await client.until((book) => book.seqs.length === 10);
      expect(client.types.slice(0, 2)).toEqual(["hello", "reset"]);
      expect(client.frames[1]).toEqual(reset);
      expect(client.seqs).toEqual(range(11, 20));
    }
    expect(await page(query)).toMatchObject({
      status: 200,
      reset,
      nextAfter: 20,
      oldestSeq: 11,
      headSeq: 20,
      logId: "log_a",
    });
  });

  it("the last that was dropped and the head itself are good cursors", async () => {
    const { page } = await started({ source: oldSource() });
    expect(await page("?after=10")).not.toHaveProperty("reset");
    expect((await page("?after=10")).events).toHaveLength(10);
    expect(await page("?after=20")).toEqual({
      status: 200,
      events: [],
      nextAfter: 20,
      headSeq: 20,
      oldestSeq: 11,
      logId: "log_a",
    });
  });

  it("a reader that retention overtakes is told so and goes on", async () => {
    const source = new MemorySource();
    source.append(...some(2000));
    const { ws } = await started({ source, feedLimits: { batchRecordsMax: 100 } });
    source.beforeRead = () => {
      if (source.reads === 2) setImmediate(() => source.dropTo(1500));
    };
    const client = ws("?after=0");
    await client.until((book) => book.frames.at(-1)?.seq === 2000);
    const reset = client.frames.find((frame) => frame.type === "reset");
    expect(reset).toMatchObject({ reason: "too_old", to: 1500, from: client.seqs[client.seqs.indexOf(1501) - 1] });
    expect(client.seqs.slice(-500)).toEqual(range(1501, 2000));
  });
});

describe("JSON page", () => {
  it("starts at the oldest, is cut at the limit and goes on at nextAfter", async () => {
    const { source, page } = await started();
    source.append(...some(12));
    const first = await page("?limit=5");
    expect(first.events.map((event: { seq: number }) => event.seq)).toEqual([1, 2, 3, 4, 5]);
    expect(await page(`?limit=500&after=${first.nextAfter}`)).toMatchObject({
      nextAfter: 12,
      headSeq: 12,
      oldestSeq: 1,
      logId: "log_a",
    });
  });

  it("waits for an event, and no longer than asked", async () => {
    const { source, page } = await started();
    const waiting = page("?waitMs=60000");
    source.beforeRead = undefined;
    while (source.listenerCount === 0) await new Promise((resolve) => setImmediate(resolve));
    source.append({ type: "turn.started" });
    expect((await waiting).events).toHaveLength(1);
    expect((await page("?after=1&waitMs=20")).events).toEqual([]);
    expect(source.listenerCount).toBe(0);
  });

  it("goes on waiting when an event does not match, and says how far it has looked", async () => {
    const { source, page } = await started();
    const waiting = page("?waitMs=60000&types=turn.*");
    while (source.listenerCount === 0) await new Promise((resolve) => setImmediate(resolve));
    source.append({ type: "item.delta" });
    while (source.reads === 0) await new Promise((resolve) => setImmediate(resolve));
    source.append({ type: "turn.started" });
    expect(await waiting).toMatchObject({ events: [{ seq: 2 }], nextAfter: 2 });
    expect(await page("?types=child.*")).toMatchObject({ events: [], nextAfter: 2 });
  });

  it("a client that leaves is not waited for", async () => {
    const { source, url } = await started();
    const request = http.get(`${url}/v1/codexd/events?waitMs=60000`, { headers: AUTHORIZED, agent: false });
    request.on("error", () => undefined);
    while (source.listenerCount === 0) await new Promise((resolve) => setImmediate(resolve));
    request.destroy();
    while (source.listenerCount > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(source.listenerCount).toBe(0);
  });
});
