/**
 * Runs `work` with a signal that fires at the deadline (with `onTimeout()` as its reason) or when the caller's own
 * signal does. Leaves no timer and no listener behind.
 */
export async function withDeadline<T>(
  options: { timeoutMs: number; signal: AbortSignal | undefined; onTimeout: () => Error },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal } = options;
  signal?.throwIfAborted();
  const controller = new AbortController();
  let end!: (reason: unknown) => void;
  const ended = new Promise<never>((_resolve, reject) => {
    end = (reason) => {
      controller.abort(reason);
      reject(reason);
    };
  });
  const onAbort = (): void => end(signal?.reason);
  const timer = setTimeout(() => end(options.onTimeout()), options.timeoutMs);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    // The race also bounds what does not look at the signal, such as the caller's own token function.
    return await Promise.race([work(controller.signal), ended]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
