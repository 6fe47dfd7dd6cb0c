import net from "node:net";
import { WebSocket } from "ws";
import { LINE_BYTES_MAX } from "../framing/line-splitter.ts";
import { type ConnectionHandlers, RpcConnection } from "../rpc/rpc-connection.ts";
import type { Endpoint } from "./endpoint.ts";

export interface SocketOptions {
  endpoint: Endpoint;
  /** Sent as `Authorization: Bearer`, when the app-server wants one. */
  token?: string | undefined;
  handlers: ConnectionHandlers;
  random: () => number;
  /** For connecting and the upgrade together. */
  connectMs: number;
  /** Ends the connection whenever it is aborted. */
  signal: AbortSignal;
}

/** One WebSocket to a running app-server: a JSON-RPC message per text frame, over TCP or a unix socket. */
export class SocketConnection {
  readonly connection: RpcConnection;
  /** Resolves with the reason when the connection has ended and all that came before was handed on. */
  readonly ended: Promise<string>;
  readonly #socket: WebSocket;
  readonly #handlers: ConnectionHandlers;
  #closing: string | undefined;
  #isBatchOpen = false;

  /** Connects. Rejects with the system's error, or that of the upgrade. */
  static async open(o: SocketOptions): Promise<SocketConnection> {
    const socket = new WebSocket("ws://localhost/", {
      createConnection: () => connectTo(o.endpoint, o.connectMs),
      headers: {
        host: o.endpoint.kind === "tcp" ? hostHeader(o.endpoint) : "localhost",
        ...(o.token === undefined ? {} : { authorization: `Bearer ${o.token}` }),
      },
      handshakeTimeout: o.connectMs,
      maxPayload: LINE_BYTES_MAX,
      perMessageDeflate: false,
    });
    // Made before the first await: frames that come right behind the upgrade must not be missed.
    const opened = new SocketConnection(socket, o);
    const onAbort = (): void => opened.close("stopped");
    o.signal.addEventListener("abort", onAbort, { once: true });
    void opened.ended.then(() => o.signal.removeEventListener("abort", onAbort));
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("the connection was closed during the upgrade")));
    });
    return opened;
  }

  private constructor(socket: WebSocket, o: SocketOptions) {
    this.#socket = socket;
    this.#handlers = o.handlers;
    this.connection = new RpcConnection({
      transport: socketTransport(socket, () => this.connection.drained()),
      handlers: o.handlers,
      random: o.random,
    });
    let failure: string | undefined;
    socket.on("error", (error) => {
      failure ??= error.message;
    });
    socket.on("message", (data: Buffer) => this.#onMessage(data));
    this.ended = new Promise((resolve) => {
      socket.once("close", (code, reason) => {
        const words = reason.length > 0 ? `${code} ${reason.toString()}` : `${code}`;
        resolve(this.#closing ?? failure ?? `closed with ${words}`);
      });
    });
  }

  /** Stops reading. The app-server may close a connection that is not read from (measured: 0.169.0 does). */
  pause(): void {
    this.#socket.pause();
    this.connection.holdDeadlines();
  }

  resume(): void {
    this.connection.releaseDeadlines();
    this.#socket.resume();
  }

  /** Ends the connection at once; `reason` is what `ended` tells. */
  close(reason: string): void {
    this.#closing ??= reason;
    // A close handshake would wait for a peer that may be the reason for closing.
    this.#socket.terminate();
  }

  /** Messages of one chunk come in one turn of the event loop: they are one batch. */
  #onMessage(data: Buffer): void {
    this.connection.receiveLine(data);
    if (this.#isBatchOpen) return;
    this.#isBatchOpen = true;
    queueMicrotask(() => {
      this.#isBatchOpen = false;
      this.#handlers.onBatchEnd?.();
    });
  }
}

/** `ws` only listens for the socket's timeout and takes it off after the upgrade; with a socket of our own we set it. */
function connectTo(endpoint: Endpoint, timeout: number): net.Socket {
  return endpoint.kind === "unix"
    ? net.connect({ path: endpoint.path, timeout })
    : net.connect({ host: endpoint.host, port: endpoint.port, timeout });
}

function hostHeader(endpoint: Endpoint & { kind: "tcp" }): string {
  return `${endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`;
}

function socketTransport(
  socket: WebSocket,
  onDrained: () => void,
): { write(line: string): void; bufferedBytes: number } {
  return {
    write: (line) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(line, onDrained);
    },
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
  };
}
