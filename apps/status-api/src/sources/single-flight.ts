/** Callers that come while `run` works share its result: a hundred open pages ask once. */
export const singleFlight = <T>(run: () => Promise<T>): (() => Promise<T>) => {
  let running: Promise<T> | undefined;
  return () =>
    (running ??= run().finally(() => {
      running = undefined;
    }));
};
