import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { Dispatcher } from "undici";

/** Why no reply was begun. `refused` = nothing was sent; `broken` = it is not known whether it was received. */
export type UpstreamFault = "refused" | "broken" | "timeout" | "aborted";

export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  readonly fault: UpstreamFault;

  constructor(cause: Error, fault: UpstreamFault) {
    super(cause.message, { cause });
    this.fault = fault;
  }
}

export interface PipeOptions {
  readonly response: ServerResponse;
  /** Called once, right before the reply is begun. */
  readonly takeOver: () => Readonly<Record<string, string>>;
  /** Statuses that are not passed on; the promise resolves with them instead. */
  readonly keep: readonly number[];
  /** Calls back once when the client is gone or this server stops; perhaps at once. */
  readonly onAbort: (abort: () => void) => void;
  /** Ends the pipe at a stop although the client is there still; else the exchange runs to its end. */
  readonly endsOnStop: boolean;
}

/**
 * Sends a request and passes the reply on as it comes, as fast as the client takes it.
 *
 * @returns the status. Once the reply is begun nothing is thrown: a reply that breaks off breaks off there too.
 * @throws UpstreamError while nothing was passed on.
 */
export function pipeReply(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  o: PipeOptions,
): Promise<number> {
  return new Promise((resolve, reject) => {
    dispatcher.dispatch(request, new ReplyPipe(o, resolve, reject));
  });
}

class ReplyPipe implements Dispatcher.DispatchHandler {
  readonly #o: PipeOptions;
  readonly #resolve: (status: number) => void;
  readonly #reject: (error: UpstreamError) => void;
  /** Undefined before the request is sent and after its end. */
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #isBegun = false;
  #isStopped = false;

  constructor(o: PipeOptions, resolve: (status: number) => void, reject: (error: UpstreamError) => void) {
    this.#o = o;
    this.#resolve = resolve;
    this.#reject = reject;
    o.onAbort(() => this.#abort());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isStopped) this.#abort();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.#status = status;
    if (this.#o.keep.includes(status)) return;
    const { response, takeOver } = this.#o;
    const own = takeOver();
    this.#isBegun = true;
    response.writeHead(status, Object.assign(endToEnd(headers), own));
    if (headers["content-length"] === undefined) response.flushHeaders();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { response } = this.#o;
    if (!this.#isBegun || response.write(chunk)) return;
    controller.pause();
    response.once("drain", () => controller.resume());
  }

  onResponseEnd(): void {
    this.#controller = undefined;
    if (this.#isBegun) this.#o.response.end();
    this.#resolve(this.#status);
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.#controller = undefined;
    if (!this.#isBegun) return this.#reject(new UpstreamError(error, this.#isStopped ? "aborted" : faultOf(error)));
    // A stream that we end is whole up to here; anything else is cut, so that nobody takes it for all there was.
    if (this.#isStopped) this.#o.response.end();
    else this.#o.response.destroy();
    this.#resolve(this.#status);
  }

  #abort(): void {
    if (!this.#o.response.destroyed && !this.#o.endsOnStop) return;
    this.#isStopped = true;
    this.#controller?.abort(new Error("the client is gone, or this server stops"));
  }
}

/** Headers that belong to one connection, not to the message. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer"]);

/** Those of the message, in a new object. A loop, because every call and every reply goes through it. */
export const endToEnd = (headers: IncomingHttpHeaders): IncomingHttpHeaders => {
  const kept: IncomingHttpHeaders = {};
  for (const name of Object.keys(headers)) if (!HOP_BY_HOP.has(name)) kept[name] = headers[name];
  return kept;
};

const REFUSED = ["ECONNREFUSED", "UND_ERR_CONNECT_TIMEOUT", "EADDRNOTAVAIL"];
const LATE = ["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"];

const faultOf = (error: Error): UpstreamFault => {
  const code = (error as { code?: string }).code ?? "";
  if (REFUSED.includes(code)) return "refused";
  return LATE.includes(code) ? "timeout" : "broken";
};
