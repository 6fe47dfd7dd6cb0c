/** Why there is no answer to use. */
export type ApiFault =
  /** status-api does not answer. */
  | "network"
  /** The token is missing or not known (401). */
  | "unauthorized"
  /** Anything else that the service refused. */
  | "refused";

/** A reading that failed. `message` says what happened, `next` what helps. */
export class ApiError extends Error {
  readonly fault: ApiFault;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** Stable code of the contract's error registry; missing when there was no answer. */
  readonly code: string | undefined;
  readonly next: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(o: {
    fault: ApiFault;
    message: string;
    status?: number;
    code?: string | undefined;
    next?: string | undefined;
    retryAfterMs?: number | undefined;
    cause?: unknown;
  }) {
    super(o.message, { cause: o.cause });
    this.name = "ApiError";
    this.fault = o.fault;
    this.status = o.status ?? 0;
    this.code = o.code;
    this.next = o.next;
    this.retryAfterMs = o.retryAfterMs;
  }
}

interface ProblemBody {
  code?: unknown;
  title?: unknown;
  detail?: unknown;
  next?: unknown;
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** The error that a refused request becomes; `body` is what it answered, whatever that is. */
export const refusal = (status: number, body: unknown, retryAfter: string | null): ApiError => {
  const problem: ProblemBody = typeof body === "object" && body !== null ? body : {};
  const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
  return new ApiError({
    fault: status === 401 ? "unauthorized" : "refused",
    status,
    code: text(problem.code),
    message: text(problem.detail) ?? text(problem.title) ?? `The service answered ${status}.`,
    next: text(problem.next),
    retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : undefined,
  });
};

export const noAnswer = (cause: unknown): ApiError =>
  new ApiError({ fault: "network", message: "status-api does not answer.", cause });
