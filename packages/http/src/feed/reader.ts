import type { ByeFrame, ControlFrame } from "@baa/contracts";
import { WS_CLOSE } from "@baa/contracts";
import type { BatchPass } from "./batch.ts";
import { resetFrame } from "./cursor.ts";
import type { ResetInput } from "./cursor.ts";
import type { EventSource } from "./event-source.ts";
import type { Filter } from "./filter.ts";
import type { FeedLimits } from "./limits.ts";
import type { Sink } from "./sink.ts";
import { encodeSseControl } from "./sse-encoder.ts";
import { encodeTextFrames } from "./ws-encoder.ts";

export interface ReaderOptions {
  readonly source: EventSource;
  readonly sink: Sink;
  readonly filter: Filter;
  readonly after: number;
  readonly limits: FeedLimits;
  readonly nowMs: number;
}

/** Whether there is more to read now, nothing, or no room at the peer. */
export type DrainResult = "more" | "idle" | "blocked";

/** One open stream: a cursor into the source and the connection it is written to. */
export class FeedReader {
  readonly #source: EventSource;
  readonly #sink: Sink;
  readonly #filter: Filter;
  readonly #limits: FeedLimits;
  #cursor: number;
  #blocked = false;
  #ended = false;
  #heartbeatAtMs: number;
  #stall: { mark: string; sinceMs: number } | undefined;

  constructor(o: ReaderOptions) {
    this.#source = o.source;
    this.#sink = o.sink;
    this.#filter = o.filter;
    this.#limits = o.limits;
    this.#cursor = o.after;
    this.#heartbeatAtMs = o.nowMs + o.limits.heartbeatMs;
  }

  get cursor(): number {
    return this.#cursor;
  }
  get isBlocked(): boolean {
    return this.#blocked;
  }
  get unsentBytes(): number {
    return this.#sink.unsentBytes();
  }

  /** hello, and the reset when the given cursor could not be honoured. */
  greet(o: { version: string; hasCursor: boolean; reset: ResetInput | undefined }): void {
    const source = this.#source;
    this.#control({
      type: "hello",
      logId: source.logId,
      oldestSeq: source.oldest(),
      headSeq: source.head(),
      version: o.version,
      ...(o.hasCursor ? {} : { snapshot: source.snapshot() }),
    });
    if (o.reset !== undefined) this.#reset(o.reset);
  }

  /** Writes the next batch, if there is one and the peer has room. */
  drain(pass: BatchPass): DrainResult {
    if (this.#ended) return "idle";
    this.#blocked = this.#sink.unsentBytes() > this.#limits.unsentBytesMax;
    if (this.#blocked) return "blocked";
    const start = this.#source.oldest() - 1;
    if (this.#cursor < start) this.#reset({ from: this.#cursor, reason: "too_old" });
    if (this.#cursor >= this.#source.head()) return "idle";
    const batch = pass.read(this.#sink.face, this.#cursor, this.#filter);
    if (batch.bytes !== undefined) this.#sink.write(batch.bytes);
    if (batch.lastSeq <= this.#cursor) return "idle";
    this.#cursor = batch.lastSeq;
    return this.#cursor < this.#source.head() ? "more" : "idle";
  }

  /** Looks at the deadlines: heartbeat, a peer that takes nothing, a peer that is gone. */
  tick(nowMs: number): void {
    if (this.#ended) return;
    if (this.#isStalled(nowMs)) {
      this.end(WS_CLOSE.slow);
      return;
    }
    this.#sink.checkAlive(nowMs);
    if (nowMs >= this.#heartbeatAtMs) {
      this.#heartbeatAtMs = nowMs + this.#limits.heartbeatMs;
      if (!this.#blocked) this.#control({ type: "heartbeat", seq: this.#cursor });
    }
  }

  /** `bye`, then the close of this face. The cursor stays good. */
  end(code: number): void {
    if (this.#ended) return;
    const bye: ByeFrame = { type: "bye", code, lastSeq: this.#cursor };
    this.#control(bye);
    this.#ended = true;
    this.#sink.end(code);
  }

  destroy(): void {
    this.#ended = true;
    this.#sink.destroy();
  }

  #isStalled(nowMs: number): boolean {
    if (this.#sink.unsentBytes() === 0) {
      this.#stall = undefined;
      return false;
    }
    const mark = this.#sink.progressMark();
    if (this.#stall === undefined || this.#stall.mark !== mark) {
      this.#stall = { mark, sinceMs: nowMs };
      return false;
    }
    return nowMs - this.#stall.sinceMs >= this.#limits.stallMs;
  }

  #reset(reset: ResetInput): void {
    this.#cursor = this.#source.oldest() - 1;
    this.#control(resetFrame(this.#source, reset, this.#cursor));
  }

  #control(frame: ControlFrame): void {
    const bytes =
      this.#sink.face === "sse"
        ? encodeSseControl(frame, { logId: this.#source.logId, seq: this.#cursor })
        : encodeTextFrames([Buffer.from(JSON.stringify(frame))]);
    this.#sink.write(bytes);
  }
}
