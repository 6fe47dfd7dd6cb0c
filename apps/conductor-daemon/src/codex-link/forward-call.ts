import { randomUUID } from "node:crypto";
import { CODEX_PREFIX, CODEXD_PREFIX } from "@baa/contracts";
import {
  type ForwardedCall,
  type PipeOptions,
  pipeReply,
  ProblemError,
  UpstreamError,
  type UpstreamToken,
} from "@baa/http";
import { PermissionFault } from "@baa/storage";
import type { Dispatcher } from "undici";
import { codexdDown } from "./codexd-down.ts";
import type { CodexdLink } from "./link.ts";

/** Milliseconds that codexd has for the head of a reply, beside the `waitMs` that was asked for. */
const REPLY_MS = 30_000;
const WAIT_MS_MAX = 60_000;
/** A stream beats every 15 s. */
const STREAM_SILENCE_MS = 45_000;
/** Milliseconds before the one repetition: long enough for a listener that is just being replaced. */
const REPEAT_PAUSE_MS = 100;

export interface CallContext {
  readonly link: CodexdLink;
  readonly token: UpstreamToken;
  readonly dispatcher: Dispatcher;
  readonly isStream: boolean;
}

/**
 * Sends a call on and passes the reply back as bytes. Sent again at most: once when the connection broke before a
 * reply (a GET, or a command that its Idempotency-Key protects; one without a key gets one), once after 401 with a
 * token that was read anew.
 *
 * @throws ProblemError codexd_down, codexd_timeout, codexd_refused, stopping; only while nothing was passed on.
 */
export async function forwardCall(context: CallContext, call: ForwardedCall): Promise<void> {
  const { link } = context;
  if (link.state.kind === "down") throw codexdDown(link.state);
  const key = call.idempotencyKey ?? (call.row.idempotent === true ? randomUUID() : undefined);
  const token = readToken(context, () => context.token.current());
  const attempt = new Attempt(context, call, key);
  const status = await attempt.send(token);
  if (status !== 401) return;
  const renewed = readToken(context, () => context.token.renew(token));
  if (renewed === undefined || (await attempt.send(renewed)) === 401) throw new ProblemError("codexd_refused");
}

/** codexd's path for one of ours. */
export const codexdTarget = (target: string): string => CODEXD_PREFIX + target.slice(CODEX_PREFIX.length);

/** @throws ProblemError: without codexd's token there is nothing to ask with. */
export function readToken<T>({ link }: Pick<CallContext, "link">, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof PermissionFault) throw new ProblemError("codexd_refused", error.message, { cause: error });
    throw codexdDown(link.state, "codexd's token cannot be read; it makes it at its first start", error);
  }
}

class Attempt {
  readonly #context: CallContext;
  readonly #call: ForwardedCall;
  readonly #key: string | undefined;

  constructor(context: CallContext, call: ForwardedCall, key: string | undefined) {
    this.#context = context;
    this.#call = call;
    this.#key = key;
  }

  /** @returns the status; 401 was not passed on. */
  async send(token: string): Promise<number> {
    try {
      return await this.#sendOnce(token);
    } catch (error) {
      const isBroken = error instanceof UpstreamError && error.fault === "broken";
      if (!isBroken || !this.#mayRepeat) throw this.#problemOf(error);
    }
    await new Promise((resolve) => setTimeout(resolve, REPEAT_PAUSE_MS));
    return this.#sendOnce(token).catch((error: unknown) => {
      throw this.#problemOf(error);
    });
  }

  get #mayRepeat(): boolean {
    return this.#call.row.method === "GET" || this.#key !== undefined;
  }

  #sendOnce(token: string): Promise<number> {
    const call = this.#call;
    const { dispatcher, isStream } = this.#context;
    const request: Dispatcher.DispatchOptions = {
      method: (call.request.method ?? "GET") as Dispatcher.HttpMethod,
      path: codexdTarget(call.target),
      headers: headersOf(call, token, this.#key),
      body: call.body ?? null,
      headersTimeout: REPLY_MS + waitMsOf(call.target),
      bodyTimeout: isStream ? STREAM_SILENCE_MS : REPLY_MS,
    };
    const pipe: PipeOptions = {
      response: call.response,
      takeOver: call.takeOver,
      keep: [401],
      onAbort: call.onAbort,
      // A command goes on to its answer while we stop; one that only waits is told to come back.
      endsOnStop: call.row.method === "GET",
    };
    return pipeReply(dispatcher, request, pipe);
  }

  #problemOf(error: unknown): unknown {
    if (!(error instanceof UpstreamError)) return error;
    const { link } = this.#context;
    switch (error.fault) {
      case "aborted":
        return new ProblemError("stopping", undefined, { retryAfterS: 5, cause: error });
      case "timeout":
        link.poke();
        return new ProblemError("codexd_timeout", undefined, { retryAfterS: 2, cause: error });
      case "refused":
        link.poke();
        return codexdDown(link.state, undefined, error);
      case "broken":
        link.poke();
        return codexdDown(link.state, "the connection broke; whether codexd has acted is not known", error);
    }
  }
}

/** Of the caller's headers only these mean anything to codexd. Nothing that a proxy added is among them. */
const PASSED = ["accept", "content-type", "last-event-id"] as const;

const headersOf = (call: ForwardedCall, token: string, key: string | undefined): Record<string, string> => {
  const passed = PASSED.flatMap((name): [string, string][] => {
    const value = call.request.headers[name];
    return typeof value === "string" ? [[name, value]] : [];
  });
  return {
    ...Object.fromEntries(passed),
    authorization: `Bearer ${token}`,
    ...(key === undefined ? {} : { "idempotency-key": key }),
  };
};

const waitMsOf = (target: string): number => {
  const at = target.indexOf("?");
  const waitMs = at === -1 ? 0 : Number(new URLSearchParams(target.slice(at)).get("waitMs") ?? 0);
  return waitMs > 0 ? Math.min(waitMs, WAIT_MS_MAX) : 0;
};
