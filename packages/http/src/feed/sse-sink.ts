import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { writeQueueBytes } from "./sink.ts";
import type { Sink } from "./sink.ts";

/** Server-sent events over a response that this sink now owns. */
export class SseSink implements Sink {
  readonly face = "sse";
  readonly #response: ServerResponse;
  readonly #closeMs: number;
  #deadline: NodeJS.Timeout | undefined;

  constructor(response: ServerResponse, o: { headers: OutgoingHttpHeaders; closeMs: number }) {
    this.#response = response;
    this.#closeMs = o.closeMs;
    response.writeHead(200, {
      ...o.headers,
      "content-type": "text/event-stream; charset=utf-8",
      "x-accel-buffering": "no",
    });
    // A peer that resets the connection is an ordinary end; `close` follows.
    response.on("error", () => undefined);
    response.on("close", () => clearTimeout(this.#deadline));
    response.flushHeaders();
  }

  write(bytes: Buffer): void {
    if (!this.#response.writableEnded && !this.#response.destroyed) this.#response.write(bytes);
  }

  unsentBytes(): number {
    return this.#response.destroyed ? 0 : this.#response.writableLength;
  }

  progressMark(): string {
    return `${this.#response.writableLength} ${writeQueueBytes(this.#response.socket ?? {})}`;
  }

  onDrain(listener: () => void): void {
    this.#response.on("drain", listener);
  }

  onClose(listener: () => void): void {
    this.#response.once("close", listener);
  }

  /** Server-sent events have no ping; a peer that is gone shows as a stall. */
  checkAlive(): void {}

  end(): void {
    this.#response.end();
    this.#deadline ??= setTimeout(() => this.destroy(), this.#closeMs);
  }

  destroy(): void {
    clearTimeout(this.#deadline);
    this.#response.destroy();
  }
}
