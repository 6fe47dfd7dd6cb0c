import type { After } from "./after.ts";

export interface HeartbeatOptions {
  readonly everyMs: number;
  /** Pings without a sign of life before `drop`. */
  readonly missedMax: number;
  readonly after: After;
  readonly ping: (n: number) => void;
  /** While bytes are unsent a ping waits behind them and proves nothing: the stall watch judges then. */
  readonly hasUnsent: () => boolean;
  readonly drop: () => void;
}

/**
 * Asks a peer whether it is there. Frames of ours and not WebSocket pings, because only a message that its script
 * handles keeps Firefox from suspending an event page.
 */
export class Heartbeat {
  readonly #o: HeartbeatOptions;
  #cancel: () => void = () => {};
  #sent = 0;
  #unanswered = 0;

  constructor(o: HeartbeatOptions) {
    this.#o = o;
  }

  start(): void {
    this.#cancel = this.#o.after(this.#o.everyMs, () => this.#beat());
  }

  stop(): void {
    this.#cancel();
  }

  /** Something came: a pong, or any other frame. A pong may stand behind a long result. */
  heard(): void {
    this.#unanswered = 0;
  }

  #beat(): void {
    const { missedMax, ping, hasUnsent, drop } = this.#o;
    if (this.#unanswered >= missedMax && !hasUnsent()) return drop();
    this.#unanswered += 1;
    ping(this.#sent++);
    this.start();
  }
}
