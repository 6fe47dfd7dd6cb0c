import { Readable } from "node:stream";
import { afterEach, expect, it } from "vitest";
import { AUTHORIZED, LOOPBACK, type TestServer, testServer } from "../test-server.ts";

const running: TestServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((t) => t.server.stop()));
});

/** A server whose metrics are this stream. */
async function started(stream: () => Readable): Promise<(init?: RequestInit) => Promise<Response>> {
  const headers = { "content-length": "10" };
  const t = testServer({ handle: { metrics: () => ({ body: stream(), headers }) } });
  running.push(t);
  await t.server.start(LOOPBACK);
  return (init) => fetch(`${t.server.address().url}/v1/codexd/metrics`, { ...init, headers: AUTHORIZED });
}

it("a text row takes a stream", async () => {
  const call = await started(() => Readable.from([Buffer.from("déjà"), Buffer.from(" vu\n")]));
  const reply = await call();
  expect([reply.status, reply.headers.get("content-length"), await reply.text()]).toEqual([200, "10", "déjà vu\n"]);
});

it("a stream that nobody reads to its end is closed: for HEAD, and when the caller leaves", async () => {
  const streams: Readable[] = [];
  const call = await started(() => {
    const stream = new Readable({ read() {} });
    stream.push("begin");
    streams.push(stream);
    return stream;
  });
  const head = await call({ method: "HEAD" });
  expect([head.status, head.headers.get("content-length")]).toEqual([200, "10"]);
  await expect.poll(() => streams[0]?.destroyed).toBe(true);
  const leave = new AbortController();
  const reply = await call({ signal: leave.signal });
  expect(reply.status).toBe(200);
  leave.abort();
  await expect.poll(() => streams[1]?.destroyed).toBe(true);
});
