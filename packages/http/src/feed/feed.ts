import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { WS_CLOSE } from "@baa/contracts";
import type { EventsQuery } from "@baa/contracts";
import type { WebSocket } from "ws";
import type { HttpLogger } from "../problem/log-problem.ts";
import { ProblemError } from "../problem/problem-error.ts";
import { parseCursor, placeCursor } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import type { EventSource } from "./event-source.ts";
import { createFilter } from "./filter.ts";
import type { Filter } from "./filter.ts";
import { FeedHub } from "./hub.ts";
import { FEED_LIMITS } from "./limits.ts";
import type { FeedLimits } from "./limits.ts";
import { readPage } from "./page.ts";
import { FeedReader } from "./reader.ts";
import type { Sink } from "./sink.ts";
import { SseSink } from "./sse-sink.ts";
import { WsSink } from "./ws-sink.ts";

export interface FeedOptions {
  readonly source: EventSource;
  /** Version of this daemon, shown in `hello`. */
  readonly version: string;
  readonly logger: HttpLogger;
  readonly clock: { monoMs(): number };
  readonly limits?: Partial<FeedLimits>;
}

/** A request to the feed that has been read and found right, before anything was sent. */
export interface FeedRequest {
  readonly cursor: Cursor | undefined;
  readonly filter: Filter;
  readonly limit: number;
  readonly waitMs: number;
}

/** One cursor over one source, with three faces: JSON page, server-sent events, WebSocket. */
export class Feed {
  readonly #o: FeedOptions;
  readonly #limits: FeedLimits;
  readonly #hub: FeedHub;
  #stopping = false;
  readonly #closed = new Set<Promise<void>>();

  constructor(o: FeedOptions) {
    this.#o = o;
    this.#limits = { ...FEED_LIMITS, ...o.limits };
    this.#hub = new FeedHub({
      source: o.source,
      limits: this.#limits,
      clock: o.clock,
      onReaderError: (err) => o.logger.error({ event: "feed.readerFailed", err }, "a feed reader failed and was ended"),
    });
  }

  /** Open streams and what they hold back, for metrics. */
  stats(): { open: number; blocked: number; unsentBytes: number } {
    const stats = { open: this.#hub.size, blocked: 0, unsentBytes: 0 };
    for (const reader of this.#hub.readers) {
      if (reader.isBlocked) stats.blocked += 1;
      stats.unsentBytes += reader.unsentBytes;
    }
    return stats;
  }

  /**
   * Reads cursor and filters. `lastEventId` (of an SSE client that reconnects) goes before `after`.
   * @throws ProblemError bad_cursor, invalid.
   */
  parse(query: EventsQuery, lastEventId?: string): FeedRequest {
    const cursor = lastEventId === undefined || lastEventId === "" ? query.after : lastEventId;
    return {
      cursor: cursor === undefined ? undefined : parseCursor(cursor),
      filter: createFilter(query),
      limit: query.limit,
      waitMs: query.waitMs,
    };
  }

  /** @throws ProblemError too_many_connections, stopping: a stream cannot be opened now. */
  checkRoom(): void {
    if (this.#stopping) throw new ProblemError("stopping");
    if (this.#hub.size >= this.#limits.streamsMax)
      throw new ProblemError("too_many_connections", undefined, { retryAfterS: 5 });
  }

  /** A JSON page as text; waits up to `waitMs` for an event when there is none, not longer than `signal` allows. */
  page(request: FeedRequest, signal: AbortSignal): Promise<Buffer> {
    const { source } = this.#o;
    const cursor = request.cursor ?? { logId: undefined, seq: source.oldest() - 1 };
    return readPage({
      source,
      ...placeCursor(source, cursor),
      filter: request.filter,
      limit: request.limit,
      waitMs: this.#stopping ? 0 : request.waitMs,
      limits: this.#limits,
      signal,
    });
  }

  openSse(request: FeedRequest, o: { response: ServerResponse; headers: OutgoingHttpHeaders }): void {
    this.#open(request, new SseSink(o.response, { headers: o.headers, closeMs: this.#limits.closeMs }));
  }

  openWebSocket(request: FeedRequest, o: { ws: WebSocket; socket: Duplex }): void {
    const { closeMs, pingMs, pongMs } = this.#limits;
    const nowMs = this.#o.clock.monoMs();
    this.#open(request, new WsSink(o.ws, { socket: o.socket, closeMs, pingMs, pongMs, nowMs }));
  }

  /** Says `bye` to every stream and waits until all are gone; a peer that does not answer is cut after `closeMs`. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const reader of this.#hub.readers) reader.end(WS_CLOSE.goingAway);
    await Promise.all(this.#closed);
  }

  /** Cuts what is still open. */
  destroy(): void {
    this.#stopping = true;
    for (const reader of this.#hub.readers) reader.destroy();
  }

  #open(request: FeedRequest, sink: Sink): void {
    const { source, clock, version } = this.#o;
    const cursor = request.cursor;
    const place = cursor === undefined ? { after: source.head(), reset: undefined } : placeCursor(source, cursor);
    const reader = new FeedReader({
      source,
      sink,
      filter: request.filter,
      after: place.after,
      limits: this.#limits,
      nowMs: clock.monoMs(),
    });
    const closed = new Promise<void>((resolve) => sink.onClose(resolve)).then(() => {
      this.#hub.remove(reader);
      this.#closed.delete(closed);
    });
    this.#closed.add(closed);
    sink.onDrain(() => this.#hub.wake(reader));
    this.#hub.add(reader);
    try {
      reader.greet({ version, hasCursor: cursor !== undefined, reset: place.reset });
    } catch (err) {
      this.#o.logger.error({ event: "feed.greetFailed", err }, "a feed stream could not be opened");
      reader.destroy();
    }
  }
}
