import { signal } from "@preact/signals";
import type { Visibility } from "./visibility.ts";

/** Page time in milliseconds, one step a second, for what says how long ago something was. */
export const now = signal(Date.now());

/** Lets the clock go while the page is seen; ends when `signal` aborts. */
export const runClock = async (visibility: Visibility, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    await visibility.whenVisible(signal);
    now.value = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
};
