import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { onTestFinished } from "vitest";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";

/** One accepted stream, as the script of a test sees it. */
export interface FakeStream {
  readonly socket: WebSocket;
  /** Counts from 0. */
  readonly index: number;
  readonly headers: IncomingMessage["headers"];
  readonly query: URLSearchParams;
  send(...frames: object[]): void;
  hello(o?: { logId?: string; oldestSeq?: number; headSeq?: number }): void;
  events(from: number, to: number): void;
  /** Ends the TCP connection without a close frame. */
  cut(): void;
  /** Resolves with the close code that we were left with. */
  readonly closed: Promise<number>;
}

export interface FakeFeed {
  readonly baseUrl: string;
  readonly port: number;
  readonly streams: FakeStream[];
  /** Queries of all upgrades, refused ones too. */
  readonly asked: URLSearchParams[];
  close(): Promise<void>;
}

export interface FakeFeedOptions {
  readonly port?: number;
  /** Answers an upgrade with this status in place of 101, or not at all. */
  readonly refuse?: (index: number, headers: IncomingMessage["headers"]) => Refusal | "hang" | undefined;
}

export interface Refusal {
  readonly status: number;
  readonly code?: string;
  readonly retryAfter?: string;
}

export const event = (seq: number, more: object = {}): object => ({
  seq,
  at: "2026-11-22T10:00:00.000Z",
  type: "item.delta",
  data: {},
  ...more,
});

export const hello = (o: { logId?: string; oldestSeq?: number; headSeq?: number } = {}): object => ({
  type: "hello",
  logId: "log-a",
  oldestSeq: 1,
  headSeq: 0,
  version: "0.1.0",
  ...o,
});

/** A real `ws` server on a free loopback port that does what `script` says with every stream. */
export async function startFeed(
  script: (stream: FakeStream) => void,
  options: FakeFeedOptions = {},
): Promise<FakeFeed> {
  const streams: FakeStream[] = [];
  const asked: URLSearchParams[] = [];
  const http = createServer();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const open = new Set<Socket>();
  http.on("connection", (socket) => open.add(socket));
  http.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const query = new URL(request.url ?? "/", "http://x").searchParams;
    const refusal = options.refuse?.(asked.length, request.headers);
    asked.push(query);
    if (refusal === "hang") return;
    if (refusal !== undefined) return refuse(socket, refusal);
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const stream = fakeStream(webSocket, { index: streams.length, headers: request.headers, query });
      streams.push(stream);
      script(stream);
    });
  });
  await new Promise<void>((resolve) => http.listen(options.port ?? 0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const close = async (): Promise<void> => {
    for (const socket of open) socket.destroy();
    await new Promise<void>((resolve) => http.close(() => resolve()));
  };
  onTestFinished(close);
  return { baseUrl: `http://127.0.0.1:${port}`, port, streams, asked, close };
}

function fakeStream(socket: WebSocket, facts: Pick<FakeStream, "index" | "headers" | "query">): FakeStream {
  socket.on("error", () => undefined);
  const send = (...frames: object[]): void => frames.forEach((frame) => socket.send(JSON.stringify(frame)));
  return {
    ...facts,
    socket,
    send,
    hello: (o) => send(hello(o)),
    events: (from, to) => {
      for (let seq = from; seq <= to; seq += 1) send(event(seq));
    },
    cut: () => socket.terminate(),
    closed: new Promise((resolve) => socket.once("close", resolve)),
  };
}

function refuse(socket: Duplex, refusal: Refusal): void {
  const { status, code = "internal" } = refusal;
  const body = JSON.stringify({ type: "t", title: "Refused.", status, code });
  const head = [
    `HTTP/1.1 ${status} X`,
    "content-type: application/problem+json",
    `content-length: ${body.length}`,
    ...(refusal.retryAfter === undefined ? [] : [`retry-after: ${refusal.retryAfter}`]),
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
