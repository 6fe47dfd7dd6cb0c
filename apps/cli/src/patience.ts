import { setTimeout as sleep } from "node:timers/promises";
import { ProblemReply, TransportError } from "@baa/client";

/** Whose call it is: a verb's context, or a server's. */
export interface Patient {
  readonly signal: AbortSignal;
  readonly out: { note(text: string): void };
}

/** How long a command waits for a service that is just being restarted, in milliseconds. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = { first: 250, max: 2_000 } as const;

/** Refusals that pass by themselves when a daemon or its child is back. `draining` is not among them: it is meant. */
const PASSING: ReadonlySet<string> = new Set([
  "child_unavailable",
  "codexd_down",
  "codexd_timeout",
  "idempotency_in_progress",
  "not_leader",
  "stopping",
]);

const isPassing = (error: unknown): error is ProblemReply | TransportError =>
  error instanceof ProblemReply
    ? PASSING.has(error.code)
    : error instanceof TransportError && (error.fault === "connection" || error.fault === "timeout");

/**
 * Makes a call until it is answered, for a minute at most (or `forMs`), with one Idempotency-Key: a daemon that is
 * killed in the middle and started again does the thing once. What is being waited for is said once, on stderr.
 *
 * Throws what the call threw last, and the signal's reason.
 */
export const patiently = async <T>(
  { signal, out }: Patient,
  call: (key: string) => Promise<T>,
  { forMs = PATIENCE_MS }: { readonly forMs?: number } = {},
): Promise<T> => {
  const key = crypto.randomUUID();
  const endMs = performance.now() + forMs;
  let pauseMs: number = PAUSE_MS.first;
  for (let isTold = false; ; isTold = true) {
    try {
      return await call(key);
    } catch (error) {
      if (!isPassing(error)) throw error;
      const waitMs = Math.max(pauseMs, (error instanceof ProblemReply && error.retryAfterMs) || 0);
      if (performance.now() + waitMs > endMs) throw error;
      if (!isTold) out.note(`${error.message} Trying for ${Math.ceil(forMs / 1000)} s; Ctrl-C leaves.`);
      await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      pauseMs = Math.min(pauseMs * 2, PAUSE_MS.max);
    }
  }
};
