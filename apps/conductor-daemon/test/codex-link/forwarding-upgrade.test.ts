import { createHash } from "node:crypto";
import http from "node:http";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { CLIENT_TOKEN, type FakeCodexd, startFakeCodexd, startFront } from "../support/fake-codexd.ts";

const token = CLIENT_TOKEN;

describe("a stream by WebSocket", () => {
  const open = (url: string, query = ""): WebSocket =>
    new WebSocket(`${url.replace("http", "ws")}/v1/codex/events${query}`, {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
    });

  const serving = (codexd: FakeCodexd, onOpen: (ws: WebSocket) => void): void => {
    const sockets = new WebSocketServer({ noServer: true });
    codexd.onUpgrade = (request, socket) => {
      codexd.got.push({ method: "WS", url: request.url ?? "", headers: request.headers, body: "" });
      sockets.handleUpgrade(request, socket, Buffer.alloc(0), onOpen);
    };
  };

  const closeOf = (ws: WebSocket): Promise<number> => new Promise((resolve) => ws.on("close", resolve));

  it("joins both ends: frames, query, and the close code of codexd", async () => {
    const codexd = await startFakeCodexd();
    const { url } = await startFront(codexd);
    serving(codexd, (ws) => {
      ws.send("first");
      ws.send("x".repeat(200_000), () => ws.close(4429, "slow"));
    });
    const ws = open(url, "?after=5&types=turn.*");
    const frames: string[] = [];
    ws.on("message", (data: Buffer) => frames.push(data.toString()));
    expect(await closeOf(ws)).toBe(4429);
    expect(frames.map((frame) => frame.length)).toEqual([5, 200_000]);
    expect(codexd.got[0]?.url).toBe("/v1/codexd/events?after=5&types=turn.*");
    expect(codexd.got[0]?.headers["authorization"]).toBe("Bearer codexd-token-1");
  });

  it("is closed at codexd with the client's code", async () => {
    const codexd = await startFakeCodexd();
    const { url } = await startFront(codexd);
    const closed = new Promise<number>((resolve) => serving(codexd, (ws) => ws.on("close", resolve)));
    const ws = open(url);
    ws.on("open", () => ws.close(4000));
    expect(await closed).toBe(4000);
  });

  it("is told 1001 when this server stops, which it does without waiting for a deadline", async () => {
    const codexd = await startFakeCodexd();
    const { url, server } = await startFront(codexd);
    serving(codexd, (ws) => ws.send("hello"));
    const ws = open(url);
    const code = closeOf(ws);
    await new Promise((resolve) => ws.on("message", resolve));
    const startedMs = performance.now();
    await server.stop(30_000);
    expect(performance.now() - startedMs).toBeLessThan(2_500); // the deadline of a goodbye is 3 s
    expect(await code).toBe(1001);
  });

  it("that codexd refuses is refused with its answer before 101", async () => {
    const codexd = await startFakeCodexd();
    const { url } = await startFront(codexd);
    codexd.onUpgrade = (_request, socket: Socket) => {
      const body = '{"code":"bad_cursor"}';
      socket.end(
        `HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
      );
    };
    const refusal = await new Promise<[number | undefined, string]>((resolve) => {
      open(url).on("unexpected-response", (_request, response) => {
        response.on("data", (data: Buffer) => resolve([response.statusCode, data.toString()]));
      });
    });
    expect(refusal).toEqual([400, '{"code":"bad_cursor"}']);
  });

  it("to a codexd that is gone is 503 before 101", async () => {
    const codexd = await startFakeCodexd();
    const { url } = await startFront(codexd);
    await codexd.close();
    const status = await new Promise((resolve) => {
      open(url).on("unexpected-response", (_request, response) => resolve(response.statusCode));
    });
    expect(status).toBe(503);
  });

  it("gets an accept that belongs to the client's key", async () => {
    const codexd = await startFakeCodexd();
    const { url } = await startFront(codexd);
    serving(codexd, (ws) => ws.close(1000));
    const key = "dGhlIHNhbXBsZSBub25jZQ==";
    const accept = await new Promise((resolve) => {
      const request = http.get(`${url}/v1/codex/events`, {
        agent: false,
        headers: {
          authorization: `Bearer ${token}`,
          connection: "Upgrade",
          upgrade: "websocket",
          "sec-websocket-version": "13",
          "sec-websocket-key": key,
          "sec-websocket-extensions": "permessage-deflate",
          "sec-websocket-protocol": "chat",
        },
      });
      request.on("upgrade", (response, socket) => {
        socket.destroy();
        resolve([response.headers["sec-websocket-accept"], response.headers["sec-websocket-extensions"]]);
      });
    });
    const expected = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    expect(accept).toEqual([expected, undefined]);
    expect(codexd.got[0]?.headers["sec-websocket-extensions"]).toBeUndefined();
    expect(codexd.got[0]?.headers["sec-websocket-protocol"]).toBeUndefined();
  });
});
