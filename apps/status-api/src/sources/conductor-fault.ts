import { type LinkState, ProblemReply, TransportError } from "@baa/client";
import { type ProblemCode, PROBLEMS } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import { PermissionFault } from "@baa/storage";

/** When to try again, in seconds: conductor is found within this of its return. */
const RETRY_AFTER_S = 2;

/** The answer while conductor is not there: since when, and why. */
export const conductorDown = (state: LinkState, cause?: unknown): ProblemError => {
  const facts = state.kind === "down" ? { since: state.since } : {};
  const why = state.kind === "down" ? `down since ${state.since}: ${state.reason}` : faultText(cause);
  return new ProblemError("conductor_down", why, {
    retryAfterS: RETRY_AFTER_S,
    extra: { conductor: "down", ...facts },
    cause,
  });
};

/** Whether our token is the fault: not there, not private, or not accepted. */
const isTokenFault = (error: unknown): boolean =>
  error instanceof PermissionFault ||
  (error as NodeJS.ErrnoException | undefined)?.code === "ENOENT" ||
  (error instanceof ProblemReply && error.status === 401);

/** Why conductor did not answer, in the words of the registry. */
export const problemOf = (error: unknown, state: LinkState, tokenFile: string): ProblemError => {
  if (error instanceof ProblemError) return error;
  if (isTokenFault(error))
    return new ProblemError("conductor_refused", tokenFaultText(error, tokenFile), { cause: error });
  if (error instanceof TransportError && error.fault === "timeout") {
    return new ProblemError("conductor_timeout", undefined, { retryAfterS: RETRY_AFTER_S, cause: error });
  }
  if (error instanceof ProblemReply && isKnownCode(error.code)) return passedOn(error, error.code);
  return conductorDown(state, error);
};

const isKnownCode = (code: string): code is ProblemCode => Object.hasOwn(PROBLEMS, code);

const passedOn = (error: ProblemReply, code: ProblemCode): ProblemError =>
  new ProblemError(code, error.detail, {
    ...(error.retryAfterMs === undefined ? {} : { retryAfterS: Math.ceil(error.retryAfterMs / 1000) }),
    ...(error.problem.errors === undefined ? {} : { extra: { errors: error.problem.errors } }),
    cause: error,
  });

const tokenFaultText = (error: unknown, tokenFile: string): string => {
  if (error instanceof PermissionFault) return error.message;
  if (error instanceof ProblemReply) return `conductor does not accept the token in ${tokenFile}`;
  return `there is no ${tokenFile} yet; conductor makes it when it leads`;
};

const faultText = (error: unknown): string | undefined => {
  if (error instanceof TransportError) return `no reply: ${error.code ?? error.fault}`;
  return error instanceof Error ? error.message : undefined;
};
