import { afterEach, describe, expect, it } from "vitest";
import type { FeedFrame, WsClient } from "../feed-clients.ts";
import { openSse, openWs } from "../feed-clients.ts";
import { MemorySource } from "../memory-source.ts";
import type { TestServer } from "../test-server.ts";
import { LOOPBACK, testServer } from "../test-server.ts";

const MIB = 1024 * 1024;
/** More than the kernel's buffers on both sides take. */
const EVENTS = 3000;
const EVENT = { data: { text: "x".repeat(16 * 1024) } };

const running: TestServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((t) => t.server.stop(500)));
});

async function started(feedLimits: object) {
  const t = testServer({ feedLimits });
  running.push(t);
  await t.server.start(LOOPBACK);
  return { ...t, url: t.server.address().url };
}

/** Appends in steps, so that readers run in between, as they do beside a child. */
async function publish(source: MemorySource, count: number): Promise<void> {
  for (let done = 0; done < count; done += 20) {
    source.append(...Array.from({ length: 20 }, () => EVENT));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const lastSeq = (book: { frames: FeedFrame[] }): number => book.frames.at(-1)?.seq ?? 0;

describe("slow readers", () => {
  it("cost a bounded amount each, hold up nobody, and lose nothing when they read again", async () => {
    const { source, server, url } = await started({});
    const stalled = Array.from({ length: 5 }, () => openWs(url));
    const fast = openWs(url);
    await Promise.all([...stalled, fast].map((client) => client.until((book) => book.frames.length === 1)));
    for (const client of stalled) client.ws.pause();
    await publish(source, EVENTS);
    await fast.until((book) => lastSeq(book) === EVENTS);
    const stats = server.feedStats();
    expect(stats.blocked).toBe(5);
    expect(stats.unsentBytes).toBeLessThanOrEqual(5 * 1.5 * MIB);
    expect(stats.unsentBytes).toBeGreaterThan(5 * MIB);
    for (const client of stalled) client.ws.resume();
    await Promise.all(stalled.map((client) => client.until((book) => lastSeq(book) === EVENTS)));
    for (const client of [...stalled, fast]) {
      expect(client.seqs).toEqual(Array.from({ length: EVENTS }, (_, i) => i + 1));
      client.ws.terminate();
    }
  });

  it("that take no byte for the deadline are told bye and closed with 4429; the cursor goes on", async () => {
    const { source, server, url } = await started({ stallMs: 100, tickMs: 10, closeMs: 60_000 });
    const client: WsClient = openWs(url, "/v1/codexd/events?after=0");
    await client.until((book) => book.frames.length === 1);
    client.ws.pause();
    await publish(source, EVENTS);
    while (server.feedStats().blocked === 0) await new Promise((resolve) => setImmediate(resolve));
    // The goodbye waits behind what is unsent; the client finds it when it reads again.
    await new Promise((resolve) => setTimeout(resolve, 300));
    client.ws.resume();
    expect((await client.closed).code).toBe(4429);
    const bye = client.frames.at(-1);
    const got = client.seqs.at(-1);
    expect(bye).toEqual({ type: "bye", code: 4429, lastSeq: got });
    expect(got).toBeLessThan(EVENTS);
    const again = openWs(url, `/v1/codexd/events?after=${got}`);
    await again.until((book) => lastSeq(book) === EVENTS);
    expect(again.seqs[0]).toBe((got ?? 0) + 1);
    again.ws.terminate();
  });

  it("that never take the goodbye are cut", async () => {
    const { source, server, url } = await started({ stallMs: 50, tickMs: 10, closeMs: 50 });
    const ws = openWs(url);
    const sse = openSse(url);
    await Promise.all([ws, sse].map((client) => client.until((book) => book.frames.length === 1)));
    ws.ws.pause();
    (await sse.head).pause();
    await publish(source, EVENTS);
    while (server.feedStats().open > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(server.feedStats()).toEqual({ open: 0, blocked: 0, unsentBytes: 0 });
    ws.ws.terminate();
    sse.destroy();
  });
});
