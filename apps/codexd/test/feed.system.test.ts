import http from "node:http";
import {
  campaignConfig,
  createRandom,
  type Codexd,
  codexPlay,
  openReader,
  plainRequest,
  type Reader,
  startHalfOpenProxy,
} from "@baa/test-kit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { TIMEOUT_MS } from "./support/campaign/timeout.ts";
import { createSession, readSession, runTurn, startTurn } from "./support/drive.ts";
import { type FakeSystem, makeFakeSystem, NO_PROBES, startFakeSystem } from "./support/fake-system.ts";
import { openFiles, rssBytes } from "./support/process-facts.ts";
import { readSse } from "@baa/test-kit";
import { waitHealth } from "./support/waiting.ts";

const { isFull, seed } = campaignConfig();
const MIB = 1024 * 1024;
const EVENTS = "/v1/codexd/events";

/** Of 32 KiB each: far more than all sockets and buffers on the way hold. 1 GiB by hand. */
const FLOOD_DELTAS = isFull ? 32_768 : 1024;
/** The turn `flood` sends them. */
const flooding = codexPlay({
  middle: [
    {
      when: {
        value: "{{params.input.0.text}}",
        is: {
          flood: [
            {
              repeat: {
                times: FLOOD_DELTAS,
                steps: [
                  {
                    notify: {
                      method: "item/agentMessage/delta",
                      params: {
                        threadId: "{{params.threadId}}",
                        turnId: "{{turnId}}",
                        itemId: "{{itemId}}",
                        delta: "f".repeat(32_768),
                      },
                    },
                  },
                ],
              },
            },
          ],
        },
      },
    },
  ],
});
const STALLED = isFull ? 50 : 8;

const system = makeFakeSystem({ plays: [flooding], env: NO_PROBES });
const { codexd } = system;
beforeAll(() => system.start());
afterAll(() => system.dispose());
beforeEach(({ onTestFailed }) => {
  onTestFailed(() => void process.stderr.write(`--- output of codexd ---\n${codexd.output().slice(-20_000)}\n---\n`));
});

const headSeq = async (codexd: Codexd): Promise<number> =>
  ((await codexd.request("GET", `${EVENTS}?limit=1`)).json as { headSeq: number }).headSeq;

/** A reader of a codexd, or of a proxy before it. */
const readerOf = (codexd: Codexd, o: { after: number; port?: number }): Reader =>
  openReader({
    url: `ws://127.0.0.1:${o.port ?? codexd.port}${EVENTS}?after=${o.after}`,
    token: codexd.token(),
    host: `127.0.0.1:${codexd.port}`,
  });

describe("readers that stop reading", () => {
  test(
    `${STALLED} of them cost bounded memory and hold up nobody; each goes on without a gap`,
    { timeout: TIMEOUT_MS },
    async (t) => {
      // Too much for a witness that keeps everything; the readers check that numbers follow each other.
      const flooded = await startFakeSystem(t, { plays: [flooding], env: NO_PROBES, isFollowed: false });
      const { codexd } = flooded;
      const proxy = await startHalfOpenProxy({ port: codexd.port });
      const session = await createSession(flooded);
      const alone = await flood(flooded, session.id); // what a flood costs when nobody stalls
      const after = await headSeq(codexd);
      const stalled = Array.from({ length: STALLED }, () => readerOf(codexd, { after, port: proxy.port }));
      const other = readerOf(codexd, { after });
      await Promise.all([...stalled, other].map((one) => one.opened));
      proxy.set("stalled", ["down"]);
      const beside = await flood(flooded, session.id);
      const head = await headSeq(codexd);
      await other.reached(head);
      expect(other.faults()).toEqual([]);
      expect(head - after).toBeGreaterThan(FLOOD_DELTAS);
      expect(stalled.every((one) => one.lastSeq < head)).toBe(true);
      if (isFull) console.log("peak, time of a flood alone and with stalled readers:", alone, beside);
      expect(beside.peakBytes - alone.peakBytes).toBeLessThan(3 * 64 * MIB);
      expect(beside.elapsedMs).toBeLessThan(3 * alone.elapsedMs + 1000);
      for (const one of stalled.slice(8)) one.close();
      proxy.set("open", ["down"]);
      // Those that were cut meanwhile come back by their cursor, as any client does.
      for (const one of stalled.slice(0, 8)) await comeBack(codexd, one, head);
      other.close();
      await proxy.stop();
    },
  );

  /** One turn of the flood; the highest resident memory of codexd in it, and how long it took. */
  async function flood(flooded: FakeSystem, sessionId: string): Promise<{ peakBytes: number; elapsedMs: number }> {
    const { pid } = flooded.codexd;
    const startedMs = performance.now();
    await startTurn(flooded, sessionId, "flood");
    let peakBytes = 0;
    await waitHealth(
      flooded.codexd,
      async () => {
        peakBytes = Math.max(peakBytes, rssBytes(pid));
        return (await readSession(flooded, sessionId)).state === "idle";
      },
      TIMEOUT_MS,
    );
    return { peakBytes, elapsedMs: performance.now() - startedMs };
  }

  async function comeBack(codexd: Codexd, one: Reader, upTo: number): Promise<void> {
    const code = await one.reached(upTo).then(
      () => undefined,
      () => one.closed,
    );
    expect(one.faults()).toEqual([]);
    if (code === undefined) return one.close();
    expect(code).toBe(4429);
    const again = readerOf(codexd, { after: one.lastSeq });
    await again.reached(upTo);
    expect(again.faults()).toEqual([]);
    again.close();
  }
});

test(
  `${isFull ? 10_000 : 200} reconnects at random cursors: every reader contiguous, no descriptor and no memory kept`,
  { timeout: TIMEOUT_MS },
  async () => {
    for (let turn = 0; turn < 8; turn += 1) await runTurn(system, (await createSession(system)).id, "talk");
    const random = createRandom(seed);
    const head = await headSeq(codexd);
    const once = async (): Promise<void> => {
      const after = Math.max(0, head - random.below(60));
      const one = readerOf(codexd, { after });
      if (after < head) await one.reached(Math.min(head, after + 1 + random.below(10)));
      else await one.opened;
      expect(one.faults()).toEqual([]);
      one.close();
      await one.closed;
    };
    const rounds = async (count: number): Promise<void> => {
      const queue = Array.from({ length: count }, () => once).values();
      await Promise.all(
        Array.from({ length: 10 }, async () => {
          for (const run of queue) await run();
        }),
      );
    };
    const files = openFiles(codexd.pid) ?? 0;
    await rounds(100);
    const rss = rssBytes(codexd.pid);
    await rounds(isFull ? 10_000 : 200);
    await expect.poll(() => Math.abs((openFiles(codexd.pid) ?? 0) - files)).toBeLessThanOrEqual(5);
    expect(rssBytes(codexd.pid) - rss).toBeLessThan(3 * 20 * MIB);
  },
);

describe("a stop", () => {
  test("readers by WebSocket and by SSE get bye with the last seq, then 1001 and the end", async (t) => {
    const stopping = await startFakeSystem(t, { plays: [codexPlay()], env: NO_PROBES });
    await runTurn(stopping, (await createSession(stopping)).id, "hello");
    const { url, port } = stopping.codexd;
    const token = stopping.codexd.token();
    const ws = openReader({ url: `ws://127.0.0.1:${port}${EVENTS}?after=0`, token, host: `127.0.0.1:${port}` });
    const sse = readSse({ url: `${url}${EVENTS}?after=0`, token, isLast: (frame) => frame.event === "bye" });
    const page = plainRequest({ url: `${url}${EVENTS}?after=100000&waitMs=60000`, token });
    const last = await headSeq(stopping.codexd);
    await ws.reached(last);
    const stoppedMs = performance.now();
    expect(await stopping.codexd.stop()).toEqual({ code: 0, signal: null });
    expect(performance.now() - stoppedMs).toBeLessThan(5000);
    expect(await ws.closed).toBe(1001);
    expect(ws.frames.at(-1)).toMatchObject({ type: "bye", code: 1001, lastSeq: ws.lastSeq });
    expect((await sse).at(-1)?.data).toMatchObject({ code: 1001, lastSeq: ws.lastSeq });
    expect([200, 503]).toContain((await page).status);
    await stopping.codexd.start();
    await stopping.ledger.assertConsistent();
  });

  test.for([
    ["aborted its stream and opened the next connection in advance", abortStream],
    ["keeps connections open and sends nothing", sendNothing],
  ] as const)("is not held up by a client that %s", async ([, disturb], t) => {
    const stopping = await startFakeSystem(t, { plays: [codexPlay()], env: NO_PROBES });
    const release = await disturb(stopping.codexd.url, stopping.codexd.token());
    const stoppedMs = performance.now();
    expect(await stopping.codexd.stop()).toEqual({ code: 0, signal: null });
    expect(performance.now() - stoppedMs).toBeLessThan(2500);
    release();
  });
});

async function abortStream(url: string, token: string): Promise<() => void> {
  const abort = new AbortController();
  const headers = { authorization: `Bearer ${token}`, accept: "text/event-stream" };
  const reply = await fetch(`${url}${EVENTS}`, { headers, signal: abort.signal });
  const stream = reply.body?.getReader();
  await stream?.read();
  abort.abort();
  await stream?.read().catch(() => undefined);
  await plainRequest({ url: `${url}/healthz` });
  return () => undefined;
}

async function sendNothing(url: string): Promise<() => void> {
  const agent = new http.Agent({ keepAlive: true });
  const { hostname, port } = new URL(url);
  const sockets = await Promise.all(
    Array.from(
      { length: 10 },
      () =>
        new Promise<{ destroy(): void }>((resolve) => {
          const socket = agent.createConnection({ host: hostname, port: Number(port) }, () =>
            resolve(socket as { destroy(): void }),
          );
          socket?.on("error", () => undefined);
        }),
    ),
  );
  await plainRequest({ url: `${url}/healthz` });
  return () => sockets.forEach((socket) => socket.destroy());
}
