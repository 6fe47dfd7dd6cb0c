import type { Duplex } from "node:stream";
import { WebSocket } from "ws";
import { writeQueueBytes } from "./sink.ts";
import type { Sink } from "./sink.ts";

/** A client has nothing to say on a feed. */
const UNSUPPORTED_DATA = 1003;
/** Pongs are answered while little is unsent, so that a flood of pings cannot grow our memory. */
const PONG_UNSENT_BYTES_MAX = 64 * 1024;

export interface WsSinkOptions {
  readonly socket: Duplex;
  readonly closeMs: number;
  readonly pingMs: number;
  readonly pongMs: number;
  readonly nowMs: number;
}

/**
 * A WebSocket after 101. Event frames go to the socket directly (they are encoded once for all readers);
 * control frames go through `ws`. Both write whole frames in order, because compression is off.
 */
export class WsSink implements Sink {
  readonly face = "ws";
  readonly #ws: WebSocket;
  readonly #o: WsSinkOptions;
  #deadline: NodeJS.Timeout | undefined;
  #pingAtMs: number;
  #pongUntilMs: number | undefined;

  constructor(ws: WebSocket, o: WsSinkOptions) {
    this.#ws = ws;
    this.#o = o;
    this.#pingAtMs = o.nowMs + o.pingMs;
    // A protocol error of the peer: ws closes with the right code itself, `close` follows.
    ws.on("error", () => undefined);
    ws.on("close", () => clearTimeout(this.#deadline));
    ws.on("message", () => this.end(UNSUPPORTED_DATA));
    ws.on("pong", () => (this.#pongUntilMs = undefined));
    ws.on("ping", (data: Buffer) => {
      if (this.unsentBytes() <= PONG_UNSENT_BYTES_MAX && ws.readyState === WebSocket.OPEN) ws.pong(data);
    });
  }

  write(bytes: Buffer): void {
    if (this.#ws.readyState === WebSocket.OPEN && !this.#o.socket.destroyed) this.#o.socket.write(bytes);
  }

  unsentBytes(): number {
    return this.#o.socket.destroyed ? 0 : this.#o.socket.writableLength;
  }

  progressMark(): string {
    return `${this.#o.socket.writableLength} ${writeQueueBytes(this.#o.socket)}`;
  }

  onDrain(listener: () => void): void {
    this.#o.socket.on("drain", listener);
  }

  onClose(listener: () => void): void {
    this.#ws.once("close", listener);
  }

  /**
   * Pings a peer that has taken everything and gives it `pongMs` to answer. While bytes are unsent nothing
   * can be said by pings (they would wait behind those bytes); the reader's stall deadline judges then.
   */
  checkAlive(nowMs: number): void {
    if (this.#ws.readyState !== WebSocket.OPEN || this.unsentBytes() > 0) return;
    if (this.#pongUntilMs !== undefined) {
      if (nowMs >= this.#pongUntilMs) this.destroy();
    } else if (nowMs >= this.#pingAtMs) {
      this.#pingAtMs = nowMs + this.#o.pingMs;
      this.#pongUntilMs = nowMs + this.#o.pongMs;
      this.#ws.ping();
    }
  }

  end(code: number): void {
    this.#ws.close(code);
    this.#deadline ??= setTimeout(() => this.destroy(), this.#o.closeMs);
  }

  destroy(): void {
    clearTimeout(this.#deadline);
    this.#ws.terminate();
  }
}
