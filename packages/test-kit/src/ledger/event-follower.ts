import { setTimeout as sleep } from "node:timers/promises";
import WebSocket from "ws";
import * as z from "zod";
import { LedgerEvent } from "./records.ts";

/** What a follower shows its owner. */
export interface FollowerListener {
  onEvent(event: LedgerEvent, connection: number): void;
  onControl(frame: { type: string } & Record<string, unknown>, connection: number): void;
  onClose(code: number, connection: number): void;
}

export interface FollowerOptions {
  /** Read again at every connection, so that a restarted server may have moved. */
  readonly url: () => string;
  readonly token: () => string;
  /** The cursor to go on from; undefined = from now on. */
  readonly after: () => number | undefined;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly listener: FollowerListener;
}

const ControlFrame = z.looseObject({ type: z.string() });
const FIRST_RETRY_MS = 20;
const LAST_RETRY_MS = 500;

/** Follows the event stream by WebSocket and comes back by cursor whenever the connection is lost, until stopped. */
export class EventFollower {
  readonly #o: FollowerOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #socket: WebSocket | undefined;
  #connections = 0;

  constructor(o: FollowerOptions) {
    this.#o = o;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#socket?.terminate();
    await this.#running;
  }

  /** Cuts the present connection; the follower comes back by itself. */
  cut(): void {
    this.#socket?.terminate();
  }

  /** Stops reading from the present connection, as a hung reader would. */
  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  async #run(): Promise<void> {
    let waitMs = FIRST_RETRY_MS;
    while (!this.#stop.signal.aborted) {
      const opened = await this.#connect();
      waitMs = opened ? FIRST_RETRY_MS : Math.min(waitMs * 2, LAST_RETRY_MS);
      await sleep(waitMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  /** One connection to its end; true when it had opened. */
  #connect(): Promise<boolean> {
    const url = new URL(this.#o.url());
    url.protocol = "ws:";
    const after = this.#o.after();
    if (after !== undefined) url.searchParams.set("after", String(after));
    for (const [name, value] of Object.entries(this.#o.query ?? {})) url.searchParams.set(name, value);
    const connection = ++this.#connections;
    return new Promise((resolve) => {
      const headers = { authorization: `Bearer ${this.#o.token()}`, ...this.#o.headers };
      const socket = new WebSocket(url, { headers, perMessageDeflate: false });
      let opened = false;
      this.#socket = socket;
      socket.on("open", () => (opened = true));
      socket.on("message", (data: Buffer) => this.#take(data, connection));
      socket.on("error", () => undefined); // `close` follows
      socket.on("close", (code) => {
        this.#o.listener.onClose(code, connection);
        resolve(opened);
      });
    });
  }

  /** What is no event is a control frame: `hello`, `reset`, `heartbeat`, `bye`. */
  #take(data: Buffer, connection: number): void {
    const json: unknown = JSON.parse(data.toString("utf8"));
    const event = LedgerEvent.safeParse(json);
    if (event.success) this.#o.listener.onEvent(event.data, connection);
    else this.#o.listener.onControl(ControlFrame.parse(json), connection);
  }
}
