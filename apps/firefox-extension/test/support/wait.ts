import { setTimeout as sleep } from "node:timers/promises";

/** Reads again and again until it fits, and returns that; `expect.poll` is for tests only, this is for hooks, too. */
export async function waitUntil<T>(
  read: () => Promise<T>,
  fits: (value: T) => boolean,
  o: { timeoutMs?: number; what: string },
): Promise<T> {
  const timeoutMs = o.timeoutMs ?? 20_000;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (fits(value)) return value;
    if (performance.now() > deadline) {
      throw new Error(`not ${o.what} within ${timeoutMs} ms, but ${JSON.stringify(value)}`);
    }
    await sleep(20);
  }
}
