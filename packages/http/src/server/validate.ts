import type * as z from "zod";
import { ProblemError } from "../problem/problem-error.ts";

/** Entries of `errors` at most, so that a body with a thousand mistakes is not answered with a thousand lines. */
const ERRORS_MAX = 20;

/**
 * Parses a part of a request with its schema. A missing schema takes nothing: an empty object passes.
 * @throws ProblemError invalid, with `errors: [{path, message}]`; the paths begin with `part`.
 */
export function validatePart(
  schema: z.ZodType | undefined,
  value: unknown,
  part: "params" | "query" | "body",
): unknown {
  if (schema === undefined) {
    if (value === undefined || value === null || isEmptyObject(value)) return undefined;
    throw invalid([{ path: part, message: `this address takes no ${part}` }]);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(
    parsed.error.issues.map((issue) => ({ path: [part, ...issue.path].join("."), message: issue.message })),
  );
}

const isEmptyObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;

const invalid = (errors: readonly { path: string; message: string }[]): ProblemError =>
  new ProblemError("invalid", undefined, { extra: { errors: errors.slice(0, ERRORS_MAX) } });

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;

/**
 * The Idempotency-Key of a request, if it has one.
 * @throws ProblemError bad_request when it is not 1 to 128 visible ASCII characters (two headers included).
 */
export function readIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === "string" && IDEMPOTENCY_KEY.test(header)) return header;
  throw new ProblemError("bad_request", "Idempotency-Key must be 1 to 128 visible ASCII characters");
}
