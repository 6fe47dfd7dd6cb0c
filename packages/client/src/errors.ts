import type { Problem, ProblemCode } from "@baa/contracts";

/** A code of our registry, or one that a newer service has and this build does not know. */
export type ReplyCode = ProblemCode | (string & {});

/** What every error of a call can say about that call. */
export interface CallFacts {
  /** Method and address without the query, for example `POST http://127.0.0.1:4319/v1/codexd/turn`. */
  readonly call: string;
  /** The Idempotency-Key that was sent: sending the same call with it again cannot do the thing twice. */
  readonly idempotencyKey?: string | undefined;
}

/** The service answered with an error of the registry (RFC 9457 problem+json). */
export class ProblemReply extends Error {
  override readonly name = "ProblemReply";
  readonly call: string;
  readonly status: number;
  /** The stable code to branch on, for example `turn_active`. */
  readonly code: ReplyCode;
  readonly detail: string | undefined;
  /** What to do next, in a sentence for people. */
  readonly next: string | undefined;
  /** From `Retry-After` in seconds; a date there is not read. */
  readonly retryAfterMs: number | undefined;
  readonly requestId: string | undefined;
  /** The whole body, with members that only some codes have (`errors`, the id of the running turn, …). */
  readonly problem: Problem;
  readonly idempotencyKey: string | undefined;

  constructor(facts: CallFacts, reply: { status: number; problem: Problem; retryAfterMs: number | undefined }) {
    const { status, problem } = reply;
    super(
      [`${facts.call}: ${status} ${problem.code}.`, problem.title, problem.detail, problem.next]
        .filter(Boolean)
        .join(" "),
    );
    this.call = facts.call;
    this.status = status;
    this.code = problem.code;
    this.detail = problem.detail;
    this.next = problem.next;
    this.retryAfterMs = reply.retryAfterMs;
    this.requestId = problem.requestId;
    this.problem = problem;
    this.idempotencyKey = facts.idempotencyKey;
  }
}

/**
 * Why no reply came. `connection`: refused, reset or ended; `timeout`: our own deadline passed;
 * `too_large`: the reply is above the limit; `closed`: `client.close()` was called.
 */
export type TransportFault = "connection" | "timeout" | "too_large" | "closed";

/** No reply came, or not all of it. Whether the service acted is not known. */
export class TransportError extends Error {
  override readonly name = "TransportError";
  readonly call: string;
  readonly fault: TransportFault;
  /** The system's or undici's own code, for example `ECONNREFUSED`. */
  readonly code: string | undefined;
  readonly idempotencyKey: string | undefined;

  constructor(facts: CallFacts, fault: TransportFault, cause: unknown) {
    super(`${facts.call}: no reply (${fault}): ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.call = facts.call;
    this.fault = fault;
    this.code = errorCode(cause);
    this.idempotencyKey = facts.idempotencyKey;
  }
}

/** Something answered, but not in the words of the contract: another service, a proxy's page, a fault of ours. */
export class UnexpectedReplyError extends Error {
  override readonly name = "UnexpectedReplyError";
  readonly call: string;
  /** HTTP status; undefined for a frame of an event stream. */
  readonly status: number | undefined;
  readonly idempotencyKey: string | undefined;

  constructor(facts: CallFacts, fault: { status?: number; what: string; cause?: unknown }) {
    const status = fault.status === undefined ? "" : `${fault.status}, `;
    super(`${facts.call}: ${status}${fault.what}`, { cause: fault.cause });
    this.call = facts.call;
    this.status = fault.status;
    this.idempotencyKey = facts.idempotencyKey;
  }
}

/** The `code` of a system error, when it has one. */
export function errorCode(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}
