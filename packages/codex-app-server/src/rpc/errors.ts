/** The child answered with an error object; `code`, `message` and `data` are as it sent them. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: number;
  readonly data: unknown;

  constructor(o: { code: number; message: string; data?: unknown }) {
    super(o.message);
    this.code = o.code;
    this.data = o.data;
  }
}

/** What the child answers when its queues are full; the request was not executed. */
export const OVERLOADED = -32001;
/** JSON-RPC: no such method. */
export const METHOD_NOT_FOUND = -32601;
/** JSON-RPC: the handler failed. */
export const INTERNAL_ERROR = -32603;

/** No answer within the deadline. `sent` tells whether the line had been written: then its outcome is unknown. */
export class RequestTimeoutError extends Error {
  override readonly name = "RequestTimeoutError";
  readonly method: string;
  readonly timeoutMs: number;
  readonly sent: boolean;
  /** How much later than asked the timer ran: large when this process was blocked, stopped or asleep. */
  readonly lateMs: number;

  constructor(o: { method: string; timeoutMs: number; sent: boolean; lateMs?: number }) {
    super(`${o.method} was not answered within ${o.timeoutMs} ms${o.sent ? "" : " (never sent)"}`);
    this.method = o.method;
    this.timeoutMs = o.timeoutMs;
    this.sent = o.sent;
    this.lateMs = o.lateMs ?? 0;
  }
}

/** Too much is under way: the request was not sent and may be tried again later. */
export class WindowFullError extends Error {
  override readonly name = "WindowFullError";
  readonly method: string;

  constructor(o: { method: string; reason: string }) {
    super(`${o.method} was not sent: ${o.reason}`);
    this.method = o.method;
  }
}

/** There is no child, or it went away. `sent` tells whether the line had been written: then its outcome is unknown. */
export class ChildUnavailableError extends Error {
  override readonly name = "ChildUnavailableError";
  readonly sent: boolean;

  constructor(reason: string, o: { sent: boolean }) {
    super(reason);
    this.sent = o.sent;
  }
}
