import { ProblemError } from "@baa/http";

/** The code with which a call is refused; "taken" when it is not, and any other error's own words. */
export const codeOf = (call: () => unknown): Promise<string> =>
  Promise.resolve()
    .then(call)
    .then(
      () => "taken",
      (error: unknown) => (error instanceof ProblemError ? error.code : String(error)),
    );

/** The problem with which a call is refused; any other end of it is an error. */
export const refusalOf = async (promise: Promise<unknown>): Promise<ProblemError> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProblemError)) throw new Error("no problem came", { cause: error });
  return error;
};
