import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import type { RawReply } from "../reply.ts";

/** How a connection ended. `refused` = an HTTP answer in place of 101; `silent` = nothing came for too long. */
export type SocketEnd =
  | { readonly kind: "refused"; readonly reply: RawReply }
  | { readonly kind: "closed"; readonly code: number; readonly reason: string }
  | { readonly kind: "failed"; readonly error: Error }
  | { readonly kind: "silent" };

export interface FrameSocketOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds until 101. */
  readonly handshakeMs: number;
  /** Milliseconds without any frame after which the connection counts as dead. Not counted while we do not read. */
  readonly silenceMs: number;
}

/** Above either the socket is paused; at half of both it is resumed. One read of the socket may go past it. */
const QUEUE_FRAMES_MAX = 256;
const QUEUE_BYTES_MAX = 1024 * 1024;
/** A line of the child is 64 MiB at most; an event is little more. */
const FRAME_BYTES_MAX = 128 * 1024 * 1024;
const REFUSAL_BYTES_MAX = 64 * 1024;
/** Milliseconds that the other side has for its close frame. */
const CLOSE_MS = 500;

/** One WebSocket connection as frames to be pulled: who does not pull makes the sender wait. */
export class FrameSocket {
  readonly #socket: WebSocket;
  readonly #silenceMs: number;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #error: Error | undefined;
  #end: SocketEnd | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  /** Signs of life so far. */
  #signs = 0;
  #wake: () => void = () => {};
  #stopped: Promise<void> | undefined;

  constructor(options: FrameSocketOptions, onOpen: () => void) {
    this.#silenceMs = options.silenceMs;
    this.#socket = new WebSocket(options.url, {
      headers: { ...options.headers },
      handshakeTimeout: options.handshakeMs,
      maxPayload: FRAME_BYTES_MAX,
      perMessageDeflate: false,
      followRedirects: false,
    });
    this.#socket.on("open", () => {
      this.#watch();
      onOpen();
    });
    this.#socket.on("message", (data) => this.#take(data as Buffer)); // binaryType is "nodebuffer"
    this.#socket.on("ping", () => this.#noteSign());
    this.#socket.on("unexpected-response", (_request, response) => this.#refuse(response));
    this.#socket.on("error", (error) => (this.#error ??= error));
    this.#socket.on("close", (code, reason) => this.#close(code, reason.toString()));
  }

  /** The next frame in order; undefined when the connection has ended and all its frames were taken. */
  async next(): Promise<Buffer | undefined> {
    while (this.#queue.length === 0 && this.#end === undefined && this.#stopped === undefined) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const frame = this.#queue.shift();
    this.#queuedBytes -= frame?.length ?? 0;
    if (this.#socket.isPaused && this.#isBelow(0.5)) {
      this.#socket.resume();
      this.#watch();
    }
    return frame;
  }

  /** How it ended; undefined while it lives. */
  get end(): SocketEnd | undefined {
    return this.#end;
  }

  /** Drops what is queued, closes (1000, then by force), and resolves when the socket is gone. */
  stop(): Promise<void> {
    this.#stopped ??= this.#shutDown();
    return this.#stopped;
  }

  #take(frame: Buffer): void {
    if (this.#stopped !== undefined) return;
    this.#queue.push(frame);
    this.#queuedBytes += frame.length;
    this.#noteSign();
    if (!this.#isBelow(1)) {
      this.#socket.pause();
      clearTimeout(this.#watchdog);
    }
    this.#wake();
  }

  #isBelow(share: number): boolean {
    return this.#queue.length <= QUEUE_FRAMES_MAX * share && this.#queuedBytes <= QUEUE_BYTES_MAX * share;
  }

  #watch(): void {
    clearTimeout(this.#watchdog);
    if (this.#end !== undefined || this.#stopped !== undefined) return;
    this.#watchdog = setTimeout(() => {
      const signs = this.#signs;
      // After a stall of this process the timer is first, the bytes that wait in the socket come after it.
      setImmediate(() => {
        if (this.#signs !== signs || this.#stopped !== undefined) return;
        this.#end ??= { kind: "silent" };
        this.#socket.terminate();
      });
    }, this.#silenceMs);
  }

  #noteSign(): void {
    this.#signs += 1;
    this.#watchdog?.refresh();
  }

  #refuse(response: IncomingMessage): void {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (): void => {
      this.#end ??= {
        kind: "refused",
        reply: {
          status: response.statusCode ?? 0,
          contentType: response.headers["content-type"] ?? "",
          retryAfter: response.headers["retry-after"],
          text: Buffer.concat(chunks).toString(),
        },
      };
      this.#socket.terminate();
    };
    response.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > REFUSAL_BYTES_MAX) finish();
    });
    response.on("end", finish);
    response.on("error", finish);
    response.setTimeout(CLOSE_MS, finish);
  }

  #close(code: number, reason: string): void {
    clearTimeout(this.#watchdog);
    this.#end ??= this.#error === undefined ? { kind: "closed", code, reason } : { kind: "failed", error: this.#error };
    this.#wake();
  }

  async #shutDown(): Promise<void> {
    this.#queue = [];
    this.#queuedBytes = 0;
    clearTimeout(this.#watchdog);
    const isClosed = this.#socket.readyState === WebSocket.CLOSED;
    const closed = new Promise<void>((resolve) => (isClosed ? resolve() : this.#socket.once("close", () => resolve())));
    const force = setTimeout(() => this.#socket.terminate(), CLOSE_MS);
    if (this.#socket.readyState === WebSocket.CONNECTING) this.#socket.terminate();
    else this.#socket.close(1000);
    if (this.#socket.isPaused) this.#socket.resume(); // or it would never read the close frame
    queueMicrotask(() => this.#wake());
    await closed;
    clearTimeout(force);
  }
}
