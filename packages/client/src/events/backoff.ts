/** Delays that double from `initialMs` to `maxMs`, each shortened by up to half at random so that clients spread. */
export function createBackoff(options: { initialMs: number; maxMs: number; random: () => number }): {
  /** Milliseconds to wait now. */
  next(): number;
  /** After progress: the next delay is the first one again. */
  reset(): void;
} {
  let ceilingMs = options.initialMs;
  return {
    next() {
      const delayMs = ceilingMs * (1 - options.random() / 2);
      ceilingMs = Math.min(ceilingMs * 2, options.maxMs);
      return delayMs;
    },
    reset() {
      ceilingMs = options.initialMs;
    },
  };
}
