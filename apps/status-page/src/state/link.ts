import { signal } from "@preact/signals";
import { withLocalTimes } from "../text/format.ts";
import type { StreamState } from "../stream/follow.ts";

/** What a broken stream is told of. */
export interface Outage {
  readonly sinceMs: number;
  readonly reason: string;
}

/** Whether a stream is live, for people: undefined while it is, or while it has not failed yet. */
export const createLink = () => {
  const outage = signal<Outage | undefined>(undefined);
  return {
    outage,
    take: (state: StreamState): void => {
      if (state.kind === "open") outage.value = undefined;
      else if (state.kind === "waiting")
        outage.value = { sinceMs: outage.peek()?.sinceMs ?? Date.now(), reason: withLocalTimes(state.cause.message) };
    },
    reset: (): void => {
      outage.value = undefined;
    },
  };
};
