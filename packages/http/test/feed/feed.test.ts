import { describe, expect, it } from "vitest";
import type { SseClient } from "../feed-clients.ts";
import { leave, range, some, started } from "./started-feed.ts";

describe("hello", () => {
  it("comes first and names the log; without a cursor the stream goes live and carries the snapshot", async () => {
    const { source, ws, sse } = await started();
    source.snapshotValue = { sessions: ["ses_1"] };
    source.append(...some(5));
    for (const open of [ws, sse]) {
      const client = open();
      await client.until((book) => book.frames.length === 1);
      expect(client.frames[0]).toEqual({
        type: "hello",
        logId: "log_a",
        oldestSeq: 1,
        headSeq: source.head(),
        version: "0.1.0",
        snapshot: { sessions: ["ses_1"] },
      });
      const next = source.append({ type: "turn.started" });
      await client.until((book) => book.frames.length === 2);
      expect(client.frames[1]).toMatchObject({ seq: next, type: "turn.started" });
    }
  });

  it("with a cursor has no snapshot and replays what is later", async () => {
    const { source, ws, sse } = await started();
    source.append(...some(5));
    for (const client of [ws("?after=2"), ws("?after=log_a:2"), sse("?after=2")]) {
      await client.until((book) => book.seqs.length === 3);
      expect(client.frames[0]).not.toHaveProperty("snapshot");
      expect(client.seqs).toEqual([3, 4, 5]);
    }
  });
});

describe("server-sent events", () => {
  it("carry id, event and data; Last-Event-ID goes before after", async () => {
    const { source, sse } = await started();
    source.append(
      { type: "turn.accepted", sessionId: "ses_1", data: { input: 'a "type":"x" \u00e9 \n' } },
      { type: "turn.completed" },
    );
    const first = sse("?after=0");
    await first.until((book) => book.seqs.length === 2);
    expect(first.ids).toEqual(["log_a:0", "log_a:1", "log_a:2"]);
    expect(first.events).toEqual(["hello", "turn.accepted", "turn.completed"]);
    expect(first.frames[1]).toMatchObject({ seq: 1, sessionId: "ses_1", data: { input: 'a "type":"x" \u00e9 \n' } });
    const head = await first.head;
    expect(head.headers).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    const second = sse("?after=0", { "last-event-id": "log_a:1" });
    await second.until((book) => book.seqs.length === 1);
    expect(second.seqs).toEqual([2]);
  });

  it("a garbage Last-Event-ID is 400", async () => {
    const { sse } = await started();
    expect((await sse("", { "last-event-id": "x:y" }).head).statusCode).toBe(400);
  });
});

describe("seam", () => {
  it("200 readers that connect while events are published see each exactly once", async () => {
    const { source, ws } = await started({ feedLimits: { batchRecordsMax: 7 } });
    source.append(...some(50));
    let publishing = true;
    const publish = (): void => {
      if (!publishing) return;
      source.append(...some(1 + (source.head() % 3)));
      setImmediate(publish);
    };
    publish();
    for (let round = 0; round < 4; round += 1) {
      const opened = Array.from({ length: 50 }, (_, i) => {
        const after = Math.max(0, source.head() - i);
        return { after, client: ws(`?after=${after}`) };
      });
      const target = source.head() + 20;
      await Promise.all(opened.map(({ client }) => client.until((book) => (book.frames.at(-1)?.seq ?? 0) >= target)));
      for (const { after, client } of opened) {
        expect(client.seqs).toEqual(range(after + 1, after + client.seqs.length));
        client.ws.terminate();
      }
      await Promise.all(opened.map(({ client }) => client.closed));
    }
    publishing = false;
  });

  it("readers of one wake-up share one read", async () => {
    const { source, ws, sse } = await started();
    const open = [...Array.from({ length: 20 }, () => ws()), ...Array.from({ length: 5 }, () => sse())];
    await Promise.all(open.map((client) => client.until((book) => book.frames.length === 1)));
    source.reads = 0;
    source.append(...some(10));
    await Promise.all(open.map((client) => client.until((book) => book.seqs.length === 10)));
    expect(source.reads).toBe(1);
  });
});

describe("limits", () => {
  it("streams are counted; one more is refused with 429 before 101 until one closes", async () => {
    const { server, ws, sse, page } = await started({ feedLimits: { streamsMax: 2 } });
    const first = ws();
    await Promise.all([first, sse()].map((client) => client.until((book) => book.frames.length === 1)));
    expect((await sse().head).statusCode).toBe(429);
    expect((await ws().closed).code).toBe(1006);
    expect((await page("")).status).toBe(200);
    first.ws.close();
    await first.closed;
    while (server.feedStats().open > 1) await new Promise((resolve) => setImmediate(resolve));
    await ws().until((book) => book.frames.length === 1);
  });

  it("nothing is left behind by readers that leave", async () => {
    const { source, server, ws, sse } = await started();
    const open = [ws(), sse()];
    await Promise.all(open.map((client) => client.until((book) => book.frames.length === 1)));
    expect([source.listenerCount, server.feedStats().open]).toEqual([1, 2]);
    for (const client of open) leave(client);
    while (server.feedStats().open > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(source.listenerCount).toBe(0);
  });

  it("a client that talks is closed with 1003, one that breaks the protocol with its code", async () => {
    const { ws } = await started();
    const talker = ws();
    await talker.until((book) => book.frames.length === 1);
    talker.ws.send("hello");
    expect((await talker.closed).code).toBe(1003);
    const big = ws();
    await big.until((book) => book.frames.length === 1);
    big.ws.send(Buffer.alloc(64 * 1024 + 1));
    expect((await big.closed).code).toBe(1009);
  });

  it("answers pings", async () => {
    const { ws } = await started();
    const client = ws();
    await client.until((book) => book.frames.length === 1);
    const pong = new Promise((resolve) => client.ws.on("pong", (data) => resolve(data.toString())));
    client.ws.ping("x");
    expect(await pong).toBe("x");
  });

  it("a reader whose read fails is ended alone", async () => {
    const { source, ws, sse, lines } = await started();
    const fine = ws("?types=turn.started");
    await fine.until((book) => book.frames.length === 1);
    let fails = true;
    source.beforeRead = () => {
      if (fails) throw new Error("segment is damaged");
    };
    const broken = sse("?after=0");
    source.append({ type: "turn.started" });
    await broken.closed;
    fails = false;
    expect(lines.some((line) => line["event"] === "feed.readerFailed")).toBe(true);
    const next = ws("?after=0");
    await next.until((book) => book.seqs.length === 1);
  });
});

describe("deadlines", () => {
  it("a heartbeat names the cursor, also past events that the filter leaves out", async () => {
    const { source, ws, sse } = await started({ feedLimits: { heartbeatMs: 20, tickMs: 5 } });
    const open = [ws("?types=turn.*"), sse("?types=turn.*")];
    source.append(...some(3));
    await Promise.all(
      open.map((client) => client.until((book) => book.frames.some((f) => f.type === "heartbeat" && f.seq === 3))),
    );
    expect((open[1] as SseClient).ids.at(-1)).toBe("log_a:3");
  });

  it("a peer that does not answer pings is dropped", async () => {
    const { server, ws } = await started({ feedLimits: { pingMs: 10, pongMs: 20, tickMs: 5 } });
    const silent = ws();
    await silent.until((book) => book.frames.length === 1);
    const alive = ws();
    await alive.until((book) => book.frames.length === 1);
    // Nothing is read any more, so no pong is sent.
    silent.ws.pause();
    while (server.feedStats().open > 1) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(alive.ws.readyState).toBe(1);
  });
});
