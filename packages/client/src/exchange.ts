import { setTimeout as delay } from "node:timers/promises";
import type { Dispatcher } from "undici";
import type { CallFacts, TransportFault } from "./errors.ts";
import { errorCode, TransportError } from "./errors.ts";
import type { RawReply } from "./reply.ts";
import type { TokenSource } from "./token.ts";

/** One call as it goes out, all but the token. */
export interface OutgoingCall {
  readonly method: Dispatcher.HttpMethod;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Whether the call may be sent again when its connection broke: a GET, or one that its key protects. */
  readonly mayRepeat: boolean;
  readonly facts: CallFacts;
}

export interface ExchangeContext {
  readonly dispatcher: Dispatcher;
  readonly tokens: TokenSource;
  readonly random: () => number;
}

/** The pause before the one retry, in milliseconds: long enough for a listener that is just being replaced. */
const RETRY_PAUSE_MS = { min: 50, max: 150 } as const;

/**
 * Sends a call and waits for the whole reply, whatever its status.
 *
 * Sent again at most: once when the connection broke (and `mayRepeat`), once after 401 when the token has changed.
 * Replies are never retried: 429 and 503 say why, and the caller knows whether to wait.
 *
 * @throws TransportError; the reason of `signal` when that is what ended the call.
 */
export async function exchange(context: ExchangeContext, call: OutgoingCall, signal: AbortSignal): Promise<RawReply> {
  const token = await context.tokens.current();
  const reply = await sendOrRepeat(context, call, token, signal);
  if (reply.status !== 401) return reply;
  const renewed = await context.tokens.renew(token);
  return renewed === undefined ? reply : sendOrRepeat(context, call, renewed, signal);
}

async function sendOrRepeat(
  context: ExchangeContext,
  call: OutgoingCall,
  token: string | undefined,
  signal: AbortSignal,
): Promise<RawReply> {
  try {
    return await send(context.dispatcher, call, token, signal);
  } catch (error) {
    if (!call.mayRepeat || !(error instanceof TransportError) || error.fault !== "connection") throw error;
    const pauseMs = RETRY_PAUSE_MS.min + context.random() * (RETRY_PAUSE_MS.max - RETRY_PAUSE_MS.min);
    await delay(pauseMs, undefined, { signal }).catch(() => {
      throw signal.reason;
    });
    return send(context.dispatcher, call, token, signal);
  }
}

async function send(
  dispatcher: Dispatcher,
  call: OutgoingCall,
  token: string | undefined,
  signal: AbortSignal,
): Promise<RawReply> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  try {
    const { statusCode, headers, body } = await dispatcher.request({
      method: call.method,
      path: call.path,
      headers: { ...call.headers, ...authorization },
      body: call.body ?? null,
      signal,
    });
    const text = await body.text();
    return {
      status: statusCode,
      contentType: oneHeader(headers["content-type"]) ?? "",
      retryAfter: oneHeader(headers["retry-after"]),
      text,
    };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new TransportError(call.facts, faultOf(error), error);
  }
}

function faultOf(error: unknown): TransportFault {
  const code = errorCode(error);
  if (code === "UND_ERR_DESTROYED" || code === "UND_ERR_CLOSED") return "closed";
  return code === "UND_ERR_RES_EXCEEDED_MAX_SIZE" ? "too_large" : "connection";
}

const oneHeader = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;
