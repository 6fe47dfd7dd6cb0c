import http from "node:http";
import net from "node:net";
import { describe, expect, it, vi } from "vitest";
import { openSse, openWs } from "../feed-clients.ts";
import { sendRaw } from "../raw-request.ts";
import { AUTHORIZED, LOOPBACK, testServer } from "../test-server.ts";

const get = (
  url: string,
  agent: http.Agent,
): Promise<{ status: number; connection: string | undefined; body: string }> =>
  new Promise((resolve, reject) => {
    const request = http.get(url, { agent, headers: AUTHORIZED }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, connection: response.headers.connection, body }),
      );
    });
    request.on("error", reject);
  });

describe("stop", () => {
  it("with a keep-alive client and a request in progress ends soon, and the request is answered", async () => {
    let entered: () => void = () => undefined;
    const inHandler = new Promise<void>((resolve) => (entered = resolve));
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const { server } = testServer({
      handle: {
        listSessions: async () => {
          entered();
          await held;
          return { body: { sessions: [] } };
        },
      },
    });
    await server.start(LOOPBACK);
    const { url } = server.address();
    const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
    await get(`${url}/healthz`, agent);
    const slow = get(`${url}/v1/codexd/sessions`, agent);
    await inHandler;
    const startedMs = performance.now();
    const stopping = server.stop();
    release();
    expect((await slow).status).toBe(200);
    await stopping;
    expect(performance.now() - startedMs).toBeLessThan(3000);
    agent.destroy();
    await expect(get(`${url}/healthz`, new http.Agent())).rejects.toThrow("ECONNREFUSED");
  });

  it("refuses what comes on connections that are still open with 503", async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let entered: () => void = () => undefined;
    const inHandler = new Promise<void>((resolve) => (entered = resolve));
    const { server } = testServer({ handle: { listSessions: async () => (entered(), await held, { body: {} }) } });
    await server.start(LOOPBACK);
    const { port } = server.address();
    const head = `Host: 127.0.0.1:${port}\r\nAuthorization: ${AUTHORIZED.authorization}\r\n`;
    // Pipelined: the second request is on the wire before the stop, and answered after it.
    const replies = new Promise<string>((resolve) => {
      const socket = net.connect(port, "127.0.0.1");
      let text = "";
      socket.on("data", (chunk) => (text += chunk.toString()));
      socket.on("close", () => resolve(text));
      socket.write(`GET /v1/codexd/sessions HTTP/1.1\r\n${head}\r\n`);
      void inHandler.then(async () => {
        const stopping = server.stop();
        socket.write(`GET /v1/codexd/sessions HTTP/1.1\r\n${head}\r\n`);
        setImmediate(() => setImmediate(release));
        await stopping;
      });
    });
    const text = await replies;
    expect(text).toMatch(/^HTTP\/1\.1 200/);
    expect(text).toMatch(/HTTP\/1\.1 503[^]*"code":"stopping"/);
    await server.stop();
  });

  it("says bye to streams, lets waiting pages go, and closes within its budget", async () => {
    const { server, source } = testServer();
    await server.start(LOOPBACK);
    const { url } = server.address();
    source.append({});
    const ws = openWs(url);
    const sse = openSse(url);
    await Promise.all([ws, sse].map((client) => client.until((book) => book.frames.length === 1)));
    const listeners = source.listenerCount;
    const agent = new http.Agent({ keepAlive: false });
    const page = get(`${url}/v1/codexd/events?after=1&waitMs=60000`, agent);
    while (source.listenerCount === listeners) await new Promise((resolve) => setImmediate(resolve));
    const startedMs = performance.now();
    await server.stop();
    expect(performance.now() - startedMs).toBeLessThan(3000);
    expect((await ws.closed).code).toBe(1001);
    await sse.closed;
    for (const client of [ws, sse]) expect(client.frames.at(-1)).toEqual({ type: "bye", code: 1001, lastSeq: 1 });
    expect(await page).toMatchObject({
      status: 200,
      body: '{"events":[],"nextAfter":1,"headSeq":1,"oldestSeq":1,"logId":"log_a"}',
    });
    expect(source.listenerCount).toBe(0);
  });

  it("cuts what does not end in its budget", async () => {
    const { server } = testServer({
      handle: { listSessions: () => new Promise(() => undefined) },
      feedLimits: { closeMs: 60_000 },
    });
    await server.start(LOOPBACK);
    const { url } = server.address();
    const agent = new http.Agent({ keepAlive: true });
    const stuck = get(`${url}/v1/codexd/sessions`, agent).catch((error: Error) => error.message);
    const silent = openWs(url);
    await silent.until((book) => book.frames.length === 1);
    silent.ws.pause();
    const startedMs = performance.now();
    await server.stop(200);
    expect(performance.now() - startedMs).toBeLessThan(3000);
    expect(await stuck).toBe("socket hang up");
    agent.destroy();
    silent.ws.terminate();
  });

  it.each([
    ["nothing", ""],
    ["half a head", "GET /healthz HTTP/1.1\r\nHost: "],
  ])("is not held up by a connection that sent %s", async (_, text) => {
    const { server } = testServer();
    await server.start(LOOPBACK);
    const { port, url } = server.address();
    const socket = net.connect(port, "127.0.0.1");
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.on("error", () => undefined);
    await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
    socket.write(text);
    expect((await get(`${url}/healthz`, new http.Agent())).status).toBe(200); // the server has taken the socket by now
    const startedMs = performance.now();
    await server.stop();
    expect(performance.now() - startedMs).toBeLessThan(1500);
    await closed;
  });

  it("is not held up by a client that aborted a stream, and opens its next connection in advance", async () => {
    const { server } = testServer();
    await server.start(LOOPBACK);
    const { url } = server.address();
    const abort = new AbortController();
    const headers = { ...AUTHORIZED, accept: "text/event-stream" };
    const reply = await fetch(`${url}/v1/codexd/events`, { headers, signal: abort.signal });
    const reader = reply.body?.getReader();
    await reader?.read();
    abort.abort();
    await expect(reader?.read()).rejects.toThrow("aborted");
    await vi.waitFor(() => expect(server.feedStats().open).toBe(0));
    const startedMs = performance.now();
    await server.stop();
    expect(performance.now() - startedMs).toBeLessThan(1500);
  });

  it("is the same promise twice, and fine before a start", async () => {
    const { server } = testServer();
    expect(server.stop()).toBe(server.stop());
    await server.stop();
  });
});

describe("sockets that send nothing", () => {
  it("are closed at the header and the body deadline", async () => {
    const { server } = testServer({
      limits: { headersTimeoutMs: 100, requestTimeoutMs: 200, connectionsCheckingIntervalMs: 20 },
    });
    await server.start(LOOPBACK);
    const { port } = server.address();
    const head = `Host: 127.0.0.1:${port}\r\nAuthorization: ${AUTHORIZED.authorization}\r\n`;
    expect((await sendRaw(port, `GET /healthz HTTP/1.1\r\n${head}`)).status).toBe(408);
    const body = await sendRaw(
      port,
      `POST /v1/codexd/sessions HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    );
    expect(body.status).toBe(408);
    await server.stop();
  });

  it("more than allowed are not taken", async () => {
    const { server } = testServer({ limits: { connectionsMax: 2 } });
    await server.start(LOOPBACK);
    const { port } = server.address();
    const open = await Promise.all(
      [0, 1].map(
        () =>
          new Promise<net.Socket>((resolve) => {
            const socket = net.connect(port, "127.0.0.1", () => resolve(socket));
          }),
      ),
    );
    const third = await sendRaw(port, "").catch(() => ({ status: 0 }));
    expect(third.status).toBe(0);
    for (const socket of open) socket.destroy();
    await server.stop(200);
  });
});
