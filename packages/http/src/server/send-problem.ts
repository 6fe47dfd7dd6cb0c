import type { FastifyReply } from "fastify";
import { problemBody, PROBLEM_MEDIA_TYPE } from "../problem/problem-body.ts";
import type { ProblemError } from "../problem/problem-error.ts";

/** Headers that belong to a problem, beside those of every reply. */
export function problemHeaders(problem: ProblemError): Record<string, string> {
  return {
    "content-type": `${PROBLEM_MEDIA_TYPE}; charset=utf-8`,
    ...(problem.code === "unauthorized" ? { "www-authenticate": "Bearer" } : {}),
    ...(problem.code === "method_not_allowed" ? { allow: allowOf(problem) } : {}),
    ...(problem.retryAfterS === undefined ? {} : { "retry-after": String(problem.retryAfterS) }),
  };
}

const allowOf = (problem: ProblemError): string =>
  Array.isArray(problem.extra?.["allow"]) ? problem.extra["allow"].join(", ") : "GET, HEAD, POST, DELETE";

/** `requestId` is left out for the guard's own refusals: their bodies are constant. */
export const problemText = (problem: ProblemError, requestId?: string): string =>
  JSON.stringify(problemBody({ code: problem.code, detail: problem.detail, requestId, extra: problem.extra }));

export function sendProblem(reply: FastifyReply, problem: ProblemError, requestId?: string): FastifyReply {
  return reply.code(problem.status).headers(problemHeaders(problem)).send(problemText(problem, requestId));
}
