// Signals that wait: an interrupt between two steps would leave a service half changed, so what has begun is brought
// to its end first.
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/** From now on signals are only noted. `ended` is aborted by the first, so that waits end. */
export const catchSignals = () => {
  const ended = new AbortController();
  let first;
  for (const name of Object.keys(EXIT_CODES))
    process.on(name, () => {
      first ??= name;
      ended.abort();
    });
  // So is a terminal that is gone (ssh broke off, `| head` has had enough): what is said then, nobody hears.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  return {
    isInterrupted: () => first !== undefined,
    /** What the program ends with, or undefined. */
    exitCode: () => EXIT_CODES[first],
    ended: ended.signal,
  };
};
