export interface BackoffOptions {
  /** The first wait, in milliseconds. */
  initialMs: number;
  /** No wait is longer, in milliseconds. */
  maxMs: number;
  /** Each wait is this many times the one before. Default 2. */
  factor?: number;
  /** The share of a wait that chance may take off, 0 to 1, so that many who fail together do not return together. */
  jitter?: number;
  /** 0 (inclusive) to 1 (exclusive). Default `Math.random`. */
  random?: () => number;
}

export interface Backoff {
  /** The next wait in whole milliseconds; each call moves on. */
  next(): number;
  /** It worked: begin again at `initialMs`. */
  reset(): void;
}

const FACTOR = 2;
const JITTER = 0.25;

/** Waits that grow from `initialMs` to `maxMs`. It counts and multiplies; the waiting is the caller's. */
export function createBackoff(o: BackoffOptions): Backoff {
  const { initialMs, maxMs, factor = FACTOR, jitter = JITTER, random = Math.random } = o;
  let waitMs = Math.min(initialMs, maxMs);
  return {
    next() {
      const fullMs = waitMs;
      waitMs = Math.min(waitMs * factor, maxMs);
      return Math.round(fullMs * (1 - jitter * random()));
    },
    reset() {
      waitMs = Math.min(initialMs, maxMs);
    },
  };
}
