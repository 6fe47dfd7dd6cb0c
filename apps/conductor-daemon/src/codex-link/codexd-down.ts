import type { LinkState } from "@baa/client";
import { ProblemError } from "@baa/http";

/** When to try again, in seconds: codexd is found within this of its return. */
const RETRY_AFTER_S = 2;

/** The answer while codexd is not there: since when, and why. */
export const codexdDown = (state: LinkState, detail?: string, cause?: unknown): ProblemError => {
  const facts = state.kind === "down" ? { since: state.since } : {};
  const why = state.kind === "down" ? `down since ${state.since}: ${state.reason}` : undefined;
  return new ProblemError("codexd_down", detail ?? why, {
    retryAfterS: RETRY_AFTER_S,
    extra: { codexd: "down", ...facts },
    cause,
  });
};
