import { PROBLEMS } from "@baa/contracts";
import type { Problem, ProblemCode } from "@baa/contracts";

export const PROBLEM_MEDIA_TYPE = "application/problem+json";

export interface ProblemBodyInput {
  readonly code: ProblemCode;
  readonly detail?: string | undefined;
  readonly requestId?: string | undefined;
  readonly extra?: Record<string, unknown> | undefined;
}

/**
 * The RFC 9457 body of an error. `type` is a stable name, not an address: nothing is served there.
 * Members of `extra` never replace those of the registry.
 */
export function problemBody(o: ProblemBodyInput): Problem {
  const def = PROBLEMS[o.code];
  return {
    ...o.extra,
    type: `urn:baa:problem:${o.code}`,
    title: def.title,
    status: def.status,
    code: o.code,
    ...(o.detail === undefined ? {} : { detail: o.detail }),
    next: def.next,
    ...(o.requestId === undefined ? {} : { requestId: o.requestId }),
  };
}
