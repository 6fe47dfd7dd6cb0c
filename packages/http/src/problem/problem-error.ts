import { PROBLEMS } from "@baa/contracts";
import type { ProblemCode } from "@baa/contracts";

export interface ProblemOptions {
  /** Seconds for the Retry-After header. */
  readonly retryAfterS?: number;
  /** Members added to the body (`turnId`, `errors`, `key`, ...). They must not carry secrets. */
  readonly extra?: Record<string, unknown>;
  readonly cause?: unknown;
}

/**
 * An error that may leave the process: its code, title and status come from the registry in
 * contracts; `detail` is one sentence for people.
 */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly code: ProblemCode;
  readonly detail: string | undefined;
  readonly retryAfterS: number | undefined;
  readonly extra: Record<string, unknown> | undefined;

  constructor(code: ProblemCode, detail?: string, o: ProblemOptions = {}) {
    super(detail ?? PROBLEMS[code].title, o.cause === undefined ? undefined : { cause: o.cause });
    this.code = code;
    this.detail = detail;
    this.retryAfterS = o.retryAfterS;
    this.extra = o.extra;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }
}
