import { decodeLine } from "../framing/decode-line.ts";
import { encodeMessage } from "../framing/encode-message.ts";
import { LineSplitter, LineTooLongError } from "../framing/line-splitter.ts";
import { READ_METHODS } from "../protocol/client-requests.ts";
import { INTERNAL_ERROR, METHOD_NOT_FOUND, RpcError } from "./errors.ts";
import { type Notification, type RequestId, type ServerCall, classify } from "./message.ts";
import { RequestWindow, type WindowLimits } from "./request-window.ts";

/** Where our lines go. `bufferedBytes` is what the other side has not taken yet. */
export interface Transport {
  write(line: string): void;
  readonly bufferedBytes: number;
}

export interface ConnectionHandlers {
  onNotification(notification: Notification): void;
  /** "unknown" is answered with -32601 at once; "taken" is answered later by `respond` or `respondError`. */
  onRequest(request: ServerCall): "taken" | "unknown";
  /** A line that is not JSON, or JSON that is no message. */
  onUnparsable(line: Buffer): void;
  /** After all lines of one chunk were handed on: the moment to append them as one batch. */
  onBatchEnd?(): void;
}

export interface ConnectionOptions {
  transport: Transport;
  handlers: ConnectionHandlers;
  limits?: Partial<WindowLimits & { lineBytesMax: number; bufferedBytesMax: number }>;
  now?: () => number;
  random?: () => number;
}

/** Counters of one connection. */
export interface ConnectionStats {
  received: number;
  notifications: number;
  unparsable: number;
  invalidUtf8: number;
  lateReplies: number;
  unknownReplies: number;
  unknownRequests: number;
  timeouts: number;
  overloads: number;
  inFlight: number;
  queued: number;
}

const DEFAULT_LIMITS: WindowLimits = { windowMax: 32, queueMax: 1024, queueMs: 5_000 };
const BUFFERED_BYTES_MAX = 64 * 1024 * 1024;

/**
 * JSON-RPC as Codex speaks it: one object a line, no `jsonrpc` member, an id space per direction.
 * It owns no process: bytes come in by `receive`, lines leave through the transport, `close` ends it.
 * Handlers must not throw: a throw is a bug of the caller, passes through `receive` and is not caught here.
 */
export class RpcConnection {
  readonly #transport: Transport;
  readonly #handlers: ConnectionHandlers;
  readonly #splitter: LineSplitter;
  readonly #window: RequestWindow;
  #closed = false;
  #received = 0;
  #notifications = 0;
  #unparsable = 0;
  #invalidUtf8 = 0;
  #lateReplies = 0;
  #unknownReplies = 0;
  #unknownRequests = 0;

  constructor(o: ConnectionOptions) {
    const bufferedBytesMax = o.limits?.bufferedBytesMax ?? BUFFERED_BYTES_MAX;
    this.#transport = o.transport;
    this.#handlers = o.handlers;
    this.#splitter = new LineSplitter(
      o.limits?.lineBytesMax === undefined ? {} : { lineBytesMax: o.limits.lineBytesMax },
    );
    this.#window = new RequestWindow({
      limits: { ...DEFAULT_LIMITS, ...o.limits },
      send: (id, method, params) => this.#transport.write(encodeMessage({ id, method, params })),
      canSend: () => this.#transport.bufferedBytes < bufferedBytesMax,
      random: o.random ?? Math.random,
      now: o.now ?? (() => performance.now()),
    });
  }

  get stats(): ConnectionStats {
    const { inFlight, queued, timeouts, overloads } = this.#window.stats;
    return {
      received: this.#received,
      notifications: this.#notifications,
      unparsable: this.#unparsable,
      invalidUtf8: this.#invalidUtf8,
      lateReplies: this.#lateReplies,
      unknownReplies: this.#unknownReplies,
      unknownRequests: this.#unknownRequests,
      timeouts,
      overloads,
      inFlight,
      queued,
    };
  }

  /** Requests that are not settled yet, wherever they wait. */
  get openRequests(): number {
    return this.#window.stats.open;
  }

  /**
   * Sends a request; `timeoutMs` covers everything, the wait for a slot too.
   * Rejects with RpcError, RequestTimeoutError, WindowFullError (never sent), MessageRefusedError (never sent)
   * or ChildUnavailableError.
   */
  request(method: string, params: unknown, o: { timeoutMs: number; probe?: boolean }): Promise<unknown> {
    const probe = o.probe ?? false;
    return this.#window.call({
      method,
      params,
      timeoutMs: o.timeoutMs,
      probe,
      repeatable: !probe && READ_METHODS.has(method),
    });
  }

  /** Sends a notification; nothing happens on a closed connection. */
  notify(method: string, params?: unknown): void {
    if (!this.#closed) this.#transport.write(encodeMessage(params === undefined ? { method } : { method, params }));
  }

  /** Answers a request of the child; false when the connection is closed. Throws MessageRefusedError. */
  respond(id: RequestId, result: unknown): boolean {
    if (this.#closed) return false;
    this.#transport.write(encodeMessage({ id, result: result ?? null }));
    return true;
  }

  /** Answers a request of the child with an error; false when the connection is closed. */
  respondError(id: RequestId, code: number, message: string): boolean {
    if (this.#closed) return false;
    this.#transport.write(encodeMessage({ id, error: { code, message } }));
    return true;
  }

  /** Takes bytes as they come. Throws LineTooLongError after handing on the lines before the long one. */
  receive(chunk: Buffer): void {
    try {
      for (const line of this.#splitter.push(chunk)) this.receiveLine(line);
    } catch (error) {
      if (!(error instanceof LineTooLongError)) throw error;
      for (const line of error.lines) this.receiveLine(line);
      throw error;
    } finally {
      if (!this.#closed) this.#handlers.onBatchEnd?.();
    }
  }

  /** Takes one whole message (for transports with frames of their own). Empty lines are skipped. */
  receiveLine(line: Buffer): void {
    if (this.#closed || line.length === 0) return;
    this.#received += 1;
    const { text, invalid } = decodeLine(line);
    this.#invalidUtf8 += invalid;
    this.#dispatch(parse(text), line);
  }

  /** The transport took what was buffered: send on. */
  drained(): void {
    this.#window.pump();
  }

  /** While held, no deadline runs: the reader was paused on purpose. */
  holdDeadlines(): void {
    this.#window.hold();
  }

  releaseDeadlines(): void {
    this.#window.release();
  }

  /** Rejects every open request; nothing is sent or handed on afterwards. Idempotent. */
  close(reason: string): void {
    this.#closed = true;
    this.#window.close(reason);
  }

  #dispatch(value: unknown, line: Buffer): void {
    const incoming = classify(value);
    switch (incoming.kind) {
      case "notification":
        this.#notifications += 1;
        this.#handlers.onNotification(incoming.notification);
        return;
      case "request":
        this.#onRequest(incoming.request);
        return;
      case "result":
        this.#onReply(incoming.id, { result: incoming.result });
        return;
      case "error":
        this.#onReply(incoming.id, { error: toRpcError(incoming.error) });
        return;
      case "malformed":
        this.#unparsable += 1;
        this.#handlers.onUnparsable(line);
    }
  }

  #onRequest(request: ServerCall): void {
    if (this.#handlers.onRequest(request) === "taken") return;
    this.#unknownRequests += 1;
    this.respondError(request.id, METHOD_NOT_FOUND, `unknown method: ${request.method}`);
  }

  #onReply(id: RequestId, outcome: { result: unknown } | { error: RpcError }): void {
    if (this.#window.settle(id, outcome)) return;
    if (typeof id === "number" && Number.isInteger(id) && id >= 1 && id < this.#window.nextId) this.#lateReplies += 1;
    else this.#unknownReplies += 1;
  }
}

/** The value of a line, or undefined (which no JSON text means) when it is not JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Keeps code, message and data of an error member; one without a code of its own counts as internal. */
function toRpcError(error: unknown): RpcError {
  const { code, message, data } = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  return new RpcError({
    code: typeof code === "number" ? code : INTERNAL_ERROR,
    message: typeof message === "string" ? message : (JSON.stringify(error) ?? "unknown error").slice(0, 1024),
    data,
  });
}
