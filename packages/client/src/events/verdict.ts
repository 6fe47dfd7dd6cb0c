import { WS_CLOSE } from "@baa/contracts";
import { UnexpectedReplyError } from "../errors.ts";
import { isProblemReply, problemReply, retryAfterMs } from "../reply.ts";
import type { SocketEnd } from "./frame-socket.ts";

/** The service closed the stream with a code that says: do not come back like this. */
export class StreamClosedError extends Error {
  override readonly name = "StreamClosedError";
  /** One of `WS_CLOSE`. */
  readonly closeCode: number;

  constructor(call: string, closeCode: number, reason: string) {
    super(`${call}: the stream was closed with ${closeCode}${reason === "" ? "" : ` (${reason})`}.`);
    this.closeCode = closeCode;
  }
}

/** What to do after a connection ended. `renew` = once with a fresh token, else as `give up`. */
export type Verdict =
  | { readonly kind: "retry"; readonly cause: Error; readonly notBeforeMs: number }
  | { readonly kind: "renew"; readonly cause: Error }
  | { readonly kind: "give up"; readonly cause: Error };

/** Statuses below 500 that time can heal. */
const PASSING_STATUSES: readonly number[] = [408, 425, 429];
const TOKEN_CLOSE_CODES: readonly number[] = [WS_CLOSE.auth, WS_CLOSE.revoked];
/** Another stream of ours has taken over, or we are not wanted: coming back would only fight. */
const FINAL_CLOSE_CODES: readonly number[] = [WS_CLOSE.forbidden, WS_CLOSE.superseded, WS_CLOSE.version];

/** Judges how a connection ended. */
export function judge(end: SocketEnd, call: string): Verdict {
  switch (end.kind) {
    case "silent":
      return retry(new Error(`${call}: no frame came in time; the connection counts as dead.`));
    case "failed":
      return retry(end.error);
    case "closed":
      return judgeCode(end.code, end.reason, call);
    case "refused":
      return judgeRefusal(end, call);
  }
}

function judgeCode(code: number, reason: string, call: string): Verdict {
  const cause = new StreamClosedError(call, code, reason);
  if (TOKEN_CLOSE_CODES.includes(code)) return { kind: "renew", cause };
  return FINAL_CLOSE_CODES.includes(code) ? { kind: "give up", cause } : retry(cause);
}

function judgeRefusal({ reply }: SocketEnd & { kind: "refused" }, call: string): Verdict {
  const cause = isProblemReply(reply)
    ? problemReply({ call }, reply)
    : new UnexpectedReplyError({ call }, { status: reply.status, what: "in place of an event stream." });
  if (reply.status === 401) return { kind: "renew", cause };
  if (reply.status < 500 && !PASSING_STATUSES.includes(reply.status)) return { kind: "give up", cause };
  return retry(cause, retryAfterMs(reply.retryAfter));
}

const retry = (cause: Error, notBeforeMs = 0): Verdict => ({ kind: "retry", cause, notBeforeMs });
