import { describe, expect, it } from "vitest";
import { events } from "../../src/index.ts";
import { startFeed } from "./fake-feed.ts";

const QUICK = { backoffInitialMs: 1, backoffMaxMs: 4 };

describe("events", () => {
  it("yields over connections, and closes when the loop is left", async () => {
    const feed = await startFeed((stream) => {
      const after = Number(stream.query.get("after")?.split(":").at(-1));
      stream.hello();
      stream.events(after + 1, after + 3);
      if (stream.index < 2) stream.cut();
    });
    const seqs: number[] = [];
    for await (const event of events({ baseUrl: feed.baseUrl, token: "t", after: 0, timings: QUICK })) {
      seqs.push(event.seq);
      if (event.seq === 8) break;
    }
    expect(seqs).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await feed.streams[2]?.closed).toBe(1000);
  });

  it("ends without an error when the signal aborts, between events or before", async () => {
    const stop = new AbortController();
    const feed = await startFeed((stream) => {
      stream.hello();
      stream.events(1, 2);
      stream.send({ type: "heartbeat", seq: 2 });
    });
    const seqs: number[] = [];
    const options = {
      baseUrl: feed.baseUrl,
      after: 0,
      signal: stop.signal,
      onControl: (frame: { type: string }) => {
        if (frame.type === "heartbeat") stop.abort();
      },
    };
    for await (const event of events(options)) seqs.push(event.seq);
    expect(seqs).toEqual([1, 2]);
    for await (const event of events(options)) seqs.push(event.seq);
    expect(feed.streams).toHaveLength(1);
  });

  it("throws in the loop what ended the stream", async () => {
    const feed = await startFeed(() => undefined, { refuse: () => ({ status: 403, code: "forbidden_scope" }) });
    const loop = async (): Promise<void> => {
      for await (const event of events({ baseUrl: feed.baseUrl, token: "t" })) expect(event).toBeUndefined();
    };
    await expect(loop()).rejects.toMatchObject({ status: 403, code: "forbidden_scope" });
  });

  it("passes on what the loop itself throws, and closes", async () => {
    const feed = await startFeed((stream) => {
      stream.hello();
      stream.events(1, 100);
    });
    const fault = new Error("mine");
    const loop = async (): Promise<void> => {
      for await (const event of events({ baseUrl: feed.baseUrl, after: 0 })) if (event.seq === 2) throw fault;
    };
    await expect(loop()).rejects.toBe(fault);
    expect(await feed.streams[0]?.closed).toBe(1000);
  });

  it("reads no further than the loop has come, but for a small queue", async () => {
    const padding = "x".repeat(64 * 1024);
    const feed = await startFeed((stream) => {
      stream.hello();
      for (let seq = 1; seq <= 1000; seq += 1) stream.send({ seq, at: "x", type: "a.b", data: { padding } });
    });
    const stream = events({ baseUrl: feed.baseUrl, after: 0 });
    const first = await stream.next();
    for (let turn = 0; turn < 3000; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(feed.streams[0]?.socket.bufferedAmount).toBeGreaterThan(32 * 1024 * 1024);
    expect(first.value?.seq).toBe(1);
    expect((await stream.next()).value?.seq).toBe(2);
    await stream.return();
  });
});
