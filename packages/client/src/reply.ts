import { Problem } from "@baa/contracts";
import * as z from "zod";
import type { CallFacts } from "./errors.ts";
import { ProblemReply, UnexpectedReplyError } from "./errors.ts";
import type { RouteRow } from "./route-types.ts";

/** A reply as it came over the wire, body complete. */
export interface RawReply {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

const NO_CONTENT = 204;

/**
 * The value of a reply, checked loosely by the row's schema: fields that it does not know pass. Undefined for a row that
 * answers with 204.
 *
 * @throws ProblemReply for an error of the registry, UnexpectedReplyError for everything else.
 */
export function parseReply(row: RouteRow, facts: CallFacts, raw: RawReply): unknown {
  const isSuccess = raw.status >= 200 && raw.status < 300;
  if (isSuccess && row.reply.kind === "text") return raw.text;
  if (raw.status === NO_CONTENT && row.reply.status === NO_CONTENT) return undefined;
  const body = tryParseJson(raw.text);
  if (!isSuccess && isProblemReply(raw)) throw problemReply(facts, raw);
  if (!isSuccess && row.reply.schema === undefined) throw unexpected(facts, raw, "which is no answer of this service.");
  if (body === undefined) throw unexpected(facts, raw, "and its body is not JSON.");
  if (row.reply.schema === undefined) return body;

  // A status document that came with a failing status (/readyz: 503) is still that document.
  const parsed = row.reply.schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const what = isSuccess
    ? `and its body does not fit: ${z.prettifyError(parsed.error)}`
    : "which is no answer of this service.";
  throw unexpected(facts, raw, what, parsed.error);
}

/** Whether a refusal speaks for itself as problem+json. */
export function isProblemReply(raw: RawReply): boolean {
  return raw.contentType.startsWith("application/problem+json") && Problem.safeParse(tryParseJson(raw.text)).success;
}

/** The error for a reply that `isProblemReply`. */
export function problemReply(facts: CallFacts, raw: RawReply): ProblemReply {
  const problem = Problem.parse(tryParseJson(raw.text));
  return new ProblemReply(facts, { status: raw.status, problem, retryAfterMs: retryAfterMs(raw.retryAfter) });
}

/** Milliseconds of a `Retry-After` in seconds, the only form our services send. */
export function retryAfterMs(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) * 1000 : undefined;
}

function unexpected(facts: CallFacts, raw: RawReply, what: string, cause?: unknown): UnexpectedReplyError {
  return new UnexpectedReplyError(facts, {
    status: raw.status,
    what: `${raw.contentType || "no content type"}, ${what}`,
    cause,
  });
}

function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // JSON has no undefined, so this stands for "not JSON"
  }
}
