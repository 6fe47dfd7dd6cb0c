import { ProblemError } from "@baa/http";

/** The code with which a call is refused; "taken" when it is not, and any other error's own words. */
export const codeOf = (call: () => unknown): Promise<string> =>
  Promise.resolve()
    .then(call)
    .then(
      () => "taken",
      (error: unknown) => (error instanceof ProblemError ? error.code : String(error)),
    );
