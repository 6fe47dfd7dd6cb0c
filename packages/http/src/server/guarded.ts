import type { IncomingMessage } from "node:http";
import type { Guard, GuardDecision, GuardPass, GuardRefusal } from "../guard/guard-types.ts";
import { ProblemError } from "../problem/problem-error.ts";

/** Runs the guard over a request as Node parsed it. */
export const guardRequest = (guard: Guard, request: IncomingMessage): GuardDecision =>
  guard.check({
    method: request.method ?? "",
    target: request.url ?? "",
    rawHeaders: request.rawHeaders,
    httpVersion: request.httpVersion,
    remoteAddress: request.socket.remoteAddress,
  });

export const refusalProblem = (refusal: GuardRefusal): ProblemError =>
  new ProblemError(
    refusal.code,
    refusal.detail,
    refusal.retryAfterS === undefined ? {} : { retryAfterS: refusal.retryAfterS },
  );

/** What the guard decided about requests in progress. */
export class GuardPasses {
  readonly #passes = new WeakMap<IncomingMessage, GuardPass>();

  remember(request: IncomingMessage, pass: GuardPass): void {
    this.#passes.set(request, pass);
  }

  /**
   * The pass of a request for this row.
   * @throws ProblemError not_found when router and guard disagree about the path: scope and credential were
   *   checked for the guard's row alone.
   */
  forRow(request: IncomingMessage, row: string): GuardPass {
    const pass = this.#passes.get(request);
    if (pass === undefined || pass.route !== row) throw new ProblemError("not_found");
    return pass;
  }
}
