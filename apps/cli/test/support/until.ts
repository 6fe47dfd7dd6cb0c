import { setTimeout as sleep } from "node:timers/promises";

const DEADLINE_MS = 30_000;
const POLL_MS = 50;

/** Waits until something holds. Throws when it does not within half a minute. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`it does not hold: ${holds.toString()}`);
    await sleep(POLL_MS);
  }
}
