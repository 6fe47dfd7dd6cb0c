import { PROBLEMS } from "@baa/contracts";
import type { ProblemError } from "./problem-error.ts";

/** The part of a pino logger that this package uses. */
export interface HttpLogger {
  debug(o: object, message: string): void;
  info(o: object, message: string): void;
  warn(o: object, message: string): void;
  error(o: object, message: string): void;
}

/** Logs by fault: a caller's mistake is not news, ours is. The stack is kept for ours alone. */
export function logProblem(logger: HttpLogger, problem: ProblemError, o: { requestId: string }): void {
  const line = { event: "http.problem", code: problem.code, detail: problem.detail, requestId: o.requestId };
  switch (PROBLEMS[problem.code].fault) {
    case "caller":
      logger.debug(line, "request refused");
      return;
    case "operator":
    case "peer":
      logger.info(line, "request could not be served");
      return;
    case "us":
      logger.error({ ...line, err: problem.cause ?? problem }, "request failed");
  }
}
