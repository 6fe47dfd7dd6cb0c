import { setTimeout as sleep } from "node:timers/promises";
import { RpcError } from "@baa/codex-app-server";

/** How long a thread may take to close. */
const CLOSING_MS_MAX = 10_000;
const PAUSE_MS = 50;

/**
 * Asks, and asks again while Codex is just closing the thread that is to be resumed (0.169.0 refuses that and wants it
 * to be tried again): it did nothing, so repeating is safe.
 */
export const throughClosing = async <T>(method: string, ask: () => Promise<T>): Promise<T> => {
  const endMs = performance.now() + CLOSING_MS_MAX;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const isClosing = method === "thread/resume" && error instanceof RpcError && /is closing/.test(error.message);
      if (!isClosing || performance.now() >= endMs) throw error;
      await sleep(PAUSE_MS);
    }
  }
};
