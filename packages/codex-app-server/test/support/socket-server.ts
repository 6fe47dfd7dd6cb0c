import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import type { Endpoint } from "../../src/external/endpoint.ts";

/** How the server answers a message; what it returns is sent back. */
export type Answer = (message: Record<string, unknown>, socket: WebSocket) => unknown[] | undefined;

export const userAgent = { userAgent: "codexd/0.169.0 (Test; x86_64) t (codexd; 0)" };

/** Answers as a well-behaved app-server does. */
export const polite: Answer = ({ id, method }) => {
  if (method === "initialize") return [{ id, result: userAgent }];
  if (method === "server/diagnostics") return [{ id, result: { process: { id: 1, residentMemoryBytes: 7 } } }];
  return id === undefined ? undefined : [{ id, result: { data: [] } }];
};

/** An app-server on a WebSocket whose behaviour is the test's. Closed when the test ends. */
export class SocketServer {
  readonly endpoint: Endpoint;
  readonly received: Record<string, unknown>[] = [];
  readonly sockets: WebSocket[] = [];
  readonly headers: http.IncomingHttpHeaders[] = [];
  answer: Answer = polite;
  readonly #http: http.Server;
  readonly #server: WebSocketServer;

  static async open(o: { unix?: boolean; endpoint?: Endpoint } = {}): Promise<SocketServer> {
    const listener = http.createServer();
    const where = o.endpoint ?? (o.unix === true ? { kind: "unix" as const, path: unixPath() } : undefined);
    await new Promise<void>((resolve) => {
      if (where?.kind === "unix") listener.listen(where.path, resolve);
      else listener.listen(where?.port ?? 0, "127.0.0.1", resolve);
    });
    const endpoint =
      where ?? ({ kind: "tcp", host: "127.0.0.1", port: (listener.address() as AddressInfo).port } as const);
    const server = new SocketServer(listener, endpoint);
    onTestFinished(() => server.close());
    return server;
  }

  private constructor(listener: http.Server, endpoint: Endpoint) {
    this.#http = listener;
    this.endpoint = endpoint;
    this.#server = new WebSocketServer({ server: listener, maxPayload: 128 * 1024 * 1024 });
    this.#server.on("connection", (socket, request) => {
      this.sockets.push(socket);
      this.headers.push(request.headers);
      socket.on("message", (data: Buffer) => {
        const message = JSON.parse(data.toString()) as Record<string, unknown>;
        this.received.push(message);
        for (const reply of this.answer(message, socket) ?? []) socket.send(JSON.stringify(reply));
      });
    });
  }

  get last(): WebSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("nobody has connected yet");
    return socket;
  }

  say(...messages: unknown[]): void {
    for (const message of messages) this.last.send(JSON.stringify(message));
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    this.#server.close();
    this.#http.closeAllConnections();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
  }
}

function unixPath(): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "ext-"));
  onTestFinished(() => fs.rmSync(dir, { recursive: true, force: true }));
  return path.join(dir, "s.sock");
}
