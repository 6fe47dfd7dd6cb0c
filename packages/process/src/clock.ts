/** Time as an input, so that tests need no sleeps. */
export interface Clock {
  /** Milliseconds since 1970, for people and files. It may jump; never measure with it. */
  wallMs(): number;
  /** Milliseconds of a clock that only goes forward, for deadlines. Its zero means nothing. */
  monoMs(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Above this, `setTimeout` fires at once instead of late (a signed 32-bit count of milliseconds). */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monoMs: () => performance.now(),
  async sleep(ms, signal) {
    const endMs = performance.now() + ms;
    let leftMs = ms;
    do {
      await sleepOnce(Math.min(Math.max(leftMs, 0), TIMER_MS_MAX), signal);
      leftMs = endMs - performance.now();
    } while (leftMs >= 1);
  },
};

function sleepOnce(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
