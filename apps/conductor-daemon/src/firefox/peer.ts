import type { Duplex } from "node:stream";
import { WS_CLOSE } from "@baa/contracts";
import { FIREFOX_LIMITS, type ServerFrame } from "@baa/contracts/firefox";
import { writeQueueBytes } from "@baa/http";
import { WebSocket } from "ws";
import type { After } from "./after.ts";

export interface PeerLimits {
  /** Below it a peer counts as drained. */
  readonly bufferedBytes: number;
  /** Unsent bytes with which a peer is given up: whoever sends should have waited for `onceDrained` long before. */
  readonly unsentBytesMax: number;
  /** A peer that takes nothing for so long is closed with 4429. */
  readonly stallMs: number;
  /** Time that a peer has to answer our close. */
  readonly closeMs: number;
}

export const PEER_LIMITS: PeerLimits = {
  bufferedBytes: FIREFOX_LIMITS.bufferedBytes,
  unsentBytesMax: 16 * 1024 * 1024,
  stallMs: 30_000,
  closeMs: 1_000,
};

/** Looks in a stall's time. */
const LOOKS = 6;

export interface PeerOptions {
  readonly ws: WebSocket;
  /** Under `ws`. */
  readonly socket: Duplex;
  readonly after: After;
  readonly limits: PeerLimits;
}

/** A socket as something that takes frames: how much it holds back, and that it ends in bounded time. */
export class Peer {
  readonly #o: PeerOptions;
  #drained: (() => void)[] = [];
  /** Frames that the operating system has taken whole. */
  #taken = 0;
  #isWatched = false;
  #cancelLook: () => void = () => {};
  #cancelCut: (() => void) | undefined;

  constructor(o: PeerOptions) {
    this.#o = o;
    // Answered while nothing is unsent, so that a flood of pings cannot grow our memory.
    o.ws.on("ping", (data: Buffer) => {
      if (o.ws.readyState === WebSocket.OPEN && o.ws.bufferedAmount === 0) o.ws.pong(data);
    });
    o.ws.once("close", () => {
      this.#cancelLook();
      this.#cancelCut?.();
      this.#drained = [];
    });
  }

  get bufferedBytes(): number {
    return this.#o.ws.bufferedAmount;
  }

  /** Sends it, or drops it when the socket is closing. */
  send(frame: ServerFrame): void {
    const { ws, limits } = this.#o;
    if (ws.readyState !== WebSocket.OPEN) return;
    if (ws.bufferedAmount > limits.unsentBytesMax) return this.close(WS_CLOSE.slow);
    // An error here is the socket's end; its `close` follows.
    ws.send(JSON.stringify(frame), () => {
      this.#taken += 1;
      this.#tellDrained();
    });
    this.#watch();
  }

  onceDrained(listener: () => void): void {
    this.#drained.push(listener);
    queueMicrotask(() => this.#tellDrained());
  }

  /** Says why, and cuts a peer that does not answer in `closeMs`. The first code counts. */
  close(code: number): void {
    if (this.#cancelCut !== undefined) return;
    this.#o.ws.close(code);
    this.#cancelCut = this.#o.after(this.#o.limits.closeMs, () => this.cut());
  }

  cut(): void {
    this.#o.ws.terminate();
  }

  #tellDrained(): void {
    if (this.#drained.length === 0 || this.#o.ws.readyState !== WebSocket.OPEN) return;
    if (this.bufferedBytes >= this.#o.limits.bufferedBytes) return;
    const listeners = this.#drained;
    this.#drained = [];
    for (const listener of listeners) listener();
  }

  /** Looks from time to time while something is unsent. */
  #watch(): void {
    if (this.#isWatched || this.bufferedBytes === 0) return;
    this.#isWatched = true;
    this.#look(this.#progressMark(), LOOKS);
  }

  #look(mark: string, looksLeft: number): void {
    const { after, limits } = this.#o;
    this.#cancelLook = after(limits.stallMs / LOOKS, () => {
      const isUnsent = this.bufferedBytes > 0;
      const now = this.#progressMark();
      if (isUnsent && now !== mark) return this.#look(now, LOOKS);
      if (isUnsent && looksLeft > 1) return this.#look(mark, looksLeft - 1);
      this.#isWatched = false;
      if (isUnsent) this.close(WS_CLOSE.slow);
    });
  }

  /** Differs when the operating system has taken bytes since the last look, and only then: not when frames are added. */
  #progressMark(): string {
    return `${this.#taken} ${writeQueueBytes(this.#o.socket)}`;
  }
}
