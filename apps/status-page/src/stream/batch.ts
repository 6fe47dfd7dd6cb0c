/**
 * Collects things and hands them on together, once per turn of `schedule`: deltas come by the hundred in a second, and
 * the page is drawn sixty times.
 */
export const createBatch = <T>(
  flush: (things: readonly T[]) => void,
  schedule: (run: () => void) => void,
): { add(thing: T): void; clear(): void } => {
  let things: T[] = [];
  const run = (): void => {
    const all = things;
    things = [];
    if (all.length > 0) flush(all);
  };
  return {
    add: (thing) => {
      things.push(thing);
      if (things.length === 1) schedule(run);
    },
    clear: () => {
      things = [];
    },
  };
};

/** So long a page that is not drawn (in the background, behind another window) waits with what it collects. */
const NOT_DRAWN_MS = 250;

/** Runs with the next drawing of the page, or soon after when it is not drawn. */
export const onNextFrame = (run: () => void): void => {
  const once = (): void => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    run();
  };
  const frame = requestAnimationFrame(once);
  const timer = setTimeout(once, NOT_DRAWN_MS);
};
