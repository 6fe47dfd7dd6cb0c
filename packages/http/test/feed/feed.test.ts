import http from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import type { MemoryEvent } from "../memory-source.ts";
import { MemorySource } from "../memory-source.ts";
import type { SseClient, WsClient } from "../feed-clients.ts";
import { openSse, openWs } from "../feed-clients.ts";
import type { TestServer } from "../test-server.ts";
import { AUTHORIZED, LOOPBACK, testServer } from "../test-server.ts";

const running: TestServer[] = [];
const clients: (SseClient | WsClient)[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) leave(client);
  await Promise.all(running.splice(0).map((t) => t.server.stop()));
});

function leave(client: SseClient | WsClient): void {
  if ("ws" in client) client.ws.terminate();
  else client.destroy();
}

async function started(o: Parameters<typeof testServer>[0] & { source?: MemorySource } = {}) {
  const { source, ...options } = o;
  const t = testServer(source === undefined ? options : { ...options, feeds: { events: source } });
  running.push(t);
  await t.server.start(LOOPBACK);
  const { url } = t.server.address();
  const page = async (query: string): Promise<any> => {
    const reply = await fetch(`${url}/v1/codexd/events${query}`, { headers: AUTHORIZED });
    return { status: reply.status, ...((await reply.json()) as object) };
  };
  const ws = (query = ""): WsClient => track(openWs(url, `/v1/codexd/events${query}`));
  const sse = (query = "", headers: Record<string, string> = {}): SseClient =>
    track(openSse(url, { path: `/v1/codexd/events${query}`, headers }));
  return { ...t, source: source ?? t.source, url, page, ws, sse };
}

function track<C extends SseClient | WsClient>(client: C): C {
  clients.push(client);
  return client;
}

const some = (count: number, event: MemoryEvent = {}): MemoryEvent[] => Array.from({ length: count }, () => event);
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
/** A log of 20 events of which 1 to 10 were dropped. */
function oldSource(): MemorySource {
  const source = new MemorySource();
  source.append(...some(20));
  source.dropTo(10);
  return source;
}

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
