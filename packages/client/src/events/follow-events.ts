import { setTimeout as delay } from "node:timers/promises";
import { CODEXD_ROUTES } from "@baa/contracts";
import type { ControlFrame, FeedEvent, HelloFrame } from "@baa/contracts";
import type * as z from "zod";
import { parseBaseUrl, queryText, webSocketUrl } from "../address.ts";
import type { TokenInput, TokenSource } from "../token.ts";
import { tokenSource } from "../token.ts";
import { createBackoff } from "./backoff.ts";
import type { Cursor } from "./cursor.ts";
import {
  cursorAfterEvent,
  cursorAfterHello,
  cursorAfterMark,
  cursorAfterReset,
  formatCursor,
  parseCursor,
} from "./cursor.ts";
import { parseFrame } from "./frame.ts";
import type { SocketEnd } from "./frame-socket.ts";
import { FrameSocket } from "./frame-socket.ts";
import type { Verdict } from "./verdict.ts";
import { judge } from "./verdict.ts";

/** Only these events; a filtered stream has holes in `seq` by design. */
export interface EventFilters {
  readonly sessionId?: string | undefined;
  readonly turnId?: string | undefined;
  /** `turn.*` stands for all that begin with `turn.`. */
  readonly types?: readonly string[] | undefined;
}

export type FollowState =
  /** `attempt` counts from 1 since events last came. */
  | { readonly kind: "connecting"; readonly attempt: number; readonly after: string | undefined }
  | { readonly kind: "open" }
  /** The connection ended for `cause`; the next one comes in `delayMs`. */
  | { readonly kind: "waiting"; readonly delayMs: number; readonly cause: Error }
  | { readonly kind: "stopped" };

/** All in milliseconds. */
export interface FollowTimings {
  /** First and longest delay between connections: 250 and 5,000. */
  readonly backoffInitialMs: number;
  readonly backoffMaxMs: number;
  /** Without any frame for so long (the service beats every 15 s) the connection counts as dead: 40,000. */
  readonly silenceMs: number;
  /** For the upgrade: 10,000. */
  readonly handshakeMs: number;
  /** The longest `Retry-After` that is heeded: 60,000. */
  readonly retryAfterMaxMs: number;
}

const TIMINGS: FollowTimings = {
  backoffInitialMs: 250,
  backoffMaxMs: 5_000,
  silenceMs: 40_000,
  handshakeMs: 10_000,
  retryAfterMaxMs: 60_000,
};

export interface FollowOptions {
  readonly baseUrl: string;
  /** Where the stream is; that of codexd's `events` row. */
  readonly path?: string | undefined;
  readonly token?: TokenInput | undefined;
  /** `<seq>` or `<logId>:<seq>`: all later events come. Without it the stream goes live. */
  readonly after?: number | string | undefined;
  readonly filters?: EventFilters | undefined;
  /** Ends the following. */
  readonly signal: AbortSignal;
  /** Called in order, one at a time; while it is at work no more than a small queue is read from the socket. */
  readonly onEvent: (event: FeedEvent) => void | Promise<void>;
  /** hello, reset, heartbeat and bye, in their place among the events. */
  readonly onControl?: (frame: ControlFrame) => void | Promise<void>;
  readonly onStateChange?: (state: FollowState) => void;
  readonly timings?: Partial<FollowTimings>;
  /** For the jitter of the back-off. */
  readonly random?: () => number;
}

export interface FollowSummary {
  /** Give it as `after` to go on from here; undefined when nothing was ever heard. */
  readonly cursor: string | undefined;
  readonly events: number;
  /** Events that came again and were dropped. */
  readonly duplicates: number;
  readonly connections: number;
}

/**
 * Follows an event log over WebSocket until `signal` aborts, over as many connections as it takes.
 *
 * Each later event is handed over at least once and, within this call, in strictly increasing `seq` and once only;
 * a client that stores the last `seq` with its own effects has exactly once. After a `reset` frame the numbering
 * begins anew: what lies before is gone, and the frame's snapshot says how things stand.
 *
 * Connections that break, fall silent or are refused with 408, 425, 429 or 5xx are made again by cursor.
 * After `signal` the callback at work is awaited, none is called any more, and the socket is gone.
 *
 * @returns what was done, once `signal` aborted.
 * @throws ProblemReply or UnexpectedReplyError for any other refusal (401 after one re-read of the token, 403, 421,
 *   400 for the cursor), StreamClosedError for a final close code, UnexpectedReplyError for frames out of contract,
 *   and whatever a callback throws.
 */
export async function followEvents(options: FollowOptions): Promise<FollowSummary> {
  return new Follower(options).run();
}

class Follower {
  readonly #options: FollowOptions;
  readonly #timings: FollowTimings;
  readonly #tokens: TokenSource;
  readonly #backoff: ReturnType<typeof createBackoff>;
  /** Method and address, for errors. */
  readonly #call: string;
  #cursor: Cursor | undefined;
  #hello: z.infer<typeof HelloFrame> | undefined;
  #byeCode: number | undefined;
  #tokenSent: string | undefined;
  #isRenewed = false;
  #attempt = 0;
  #events = 0;
  #duplicates = 0;
  #connections = 0;

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#timings = { ...TIMINGS, ...options.timings };
    this.#tokens = tokenSource(options.token);
    this.#backoff = createBackoff({
      initialMs: this.#timings.backoffInitialMs,
      maxMs: this.#timings.backoffMaxMs,
      random: options.random ?? Math.random,
    });
    this.#cursor = options.after === undefined ? undefined : parseCursor(options.after);
    this.#call = `GET ${this.#url("")}`;
  }

  async run(): Promise<FollowSummary> {
    const { signal } = this.#options;
    try {
      while (!signal.aborted) {
        const end = await this.#readConnection();
        // Without an end it was the signal that stopped it.
        if (end !== undefined && !signal.aborted) await this.#recover(judge(end, this.#call));
      }
    } finally {
      this.#tell({ kind: "stopped" });
    }
    return {
      cursor: this.#after(),
      events: this.#events,
      duplicates: this.#duplicates,
      connections: this.#connections,
    };
  }

  /** One connection, from its opening to the last of its frames. */
  async #readConnection(): Promise<SocketEnd | undefined> {
    const { signal } = this.#options;
    this.#tokenSent = await this.#tokens.current();
    if (signal.aborted) return undefined;
    this.#hello = undefined;
    this.#byeCode = undefined;
    this.#attempt += 1;
    this.#tell({ kind: "connecting", attempt: this.#attempt, after: this.#after() });
    const socket = this.#openSocket();
    const stop = (): void => void socket.stop();
    signal.addEventListener("abort", stop, { once: true });
    try {
      for (let bytes = await socket.next(); bytes !== undefined && !signal.aborted; bytes = await socket.next()) {
        await this.#take(bytes);
        // The service closes after its bye, with the same code; should it not, we do not wait for it.
        if (this.#byeCode !== undefined) break;
      }
      return this.#byeCode === undefined ? socket.end : { kind: "closed", code: this.#byeCode, reason: "bye" };
    } finally {
      signal.removeEventListener("abort", stop);
      await socket.stop();
    }
  }

  #openSocket(): FrameSocket {
    const headers = this.#tokenSent === undefined ? {} : { authorization: `Bearer ${this.#tokenSent}` };
    const url = this.#url(queryText({ after: this.#after(), ...this.#options.filters }));
    const { handshakeMs, silenceMs } = this.#timings;
    return new FrameSocket({ url, headers, handshakeMs, silenceMs }, () => {
      this.#connections += 1;
      this.#tell({ kind: "open" });
    });
  }

  async #take(bytes: Buffer): Promise<void> {
    const parsed = parseFrame(bytes, this.#call);
    if (parsed.kind === "event") {
      await this.#takeEvent(parsed.event);
    } else if (parsed.kind === "control") {
      await this.#takeControl(parsed.frame);
    }
  }

  async #takeEvent(event: FeedEvent): Promise<void> {
    const cursor = cursorAfterEvent(this.#cursor, this.#hello, event.seq);
    if (cursor === undefined) {
      this.#duplicates += 1;
      return;
    }
    await this.#options.onEvent(event);
    this.#cursor = cursor;
    this.#events += 1;
    this.#noteProgress();
  }

  async #takeControl(frame: ControlFrame): Promise<void> {
    if (frame.type === "hello") {
      this.#hello = frame;
      this.#cursor = cursorAfterHello(this.#cursor, frame);
    }
    await this.#options.onControl?.(frame);
    if (frame.type === "reset") this.#cursor = cursorAfterReset(this.#hello, frame);
    if (frame.type === "heartbeat") {
      this.#cursor = cursorAfterMark(this.#cursor, this.#hello, frame.seq);
      this.#noteProgress();
    }
    if (frame.type === "bye") {
      this.#cursor = cursorAfterMark(this.#cursor, this.#hello, frame.lastSeq);
      this.#byeCode = frame.code;
    }
  }

  /** Only a stream that carries something resets the back-off: one that opens and dies at once must not be hot. */
  #noteProgress(): void {
    this.#attempt = 0;
    this.#isRenewed = false;
    this.#backoff.reset();
  }

  /** Returns when it is time for the next connection. */
  async #recover(verdict: Verdict): Promise<void> {
    if (verdict.kind === "give up") throw verdict.cause;
    if (verdict.kind === "renew") {
      const renewed = this.#isRenewed ? undefined : await this.#tokens.renew(this.#tokenSent);
      if (renewed === undefined) throw verdict.cause;
      this.#isRenewed = true;
      return;
    }
    const notBeforeMs = Math.min(verdict.notBeforeMs, this.#timings.retryAfterMaxMs);
    const delayMs = Math.max(this.#backoff.next(), notBeforeMs);
    this.#tell({ kind: "waiting", delayMs, cause: verdict.cause });
    await delay(delayMs, undefined, { signal: this.#options.signal }).catch(() => undefined); // aborted: run() sees it
  }

  #after(): string | undefined {
    return this.#cursor === undefined ? undefined : formatCursor(this.#cursor);
  }

  #url(query: string): string {
    return webSocketUrl(parseBaseUrl(this.#options.baseUrl), this.#options.path ?? CODEXD_ROUTES.events.path, query);
  }

  #tell(state: FollowState): void {
    this.#options.onStateChange?.(state);
  }
}
