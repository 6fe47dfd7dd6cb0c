import type { ControlFrame } from "@baa/contracts";
import { followEvents } from "../../src/index.ts";
import type { FollowOptions, FollowState, FollowSummary } from "../../src/index.ts";
import type { FakeFeed } from "./fake-feed.ts";

/** Back-off for tests: no waiting to speak of. */
export const QUICK = { backoffInitialMs: 1, backoffMaxMs: 4 };

export interface Followed {
  readonly seqs: number[];
  readonly control: ControlFrame[];
  readonly states: FollowState[];
  readonly summary: FollowSummary;
}

/** Follows until `isDone` says so after an event, control frame or state. */
export async function followUntil(
  feed: Pick<FakeFeed, "baseUrl">,
  isDone: (seen: Omit<Followed, "summary">) => boolean,
  options: Partial<FollowOptions> = {},
): Promise<Followed> {
  const stop = new AbortController();
  const seen = { seqs: [] as number[], control: [] as ControlFrame[], states: [] as FollowState[] };
  const look = (): void => {
    if (isDone(seen)) stop.abort();
  };
  const summary = await followEvents({
    baseUrl: feed.baseUrl,
    token: "t",
    timings: QUICK,
    signal: stop.signal,
    ...options,
    onEvent: async (one) => {
      await options.onEvent?.(one);
      seen.seqs.push(one.seq);
      look();
    },
    onControl: async (frame) => {
      await options.onControl?.(frame);
      seen.control.push(frame);
      look();
    },
    onStateChange: (state) => {
      seen.states.push(state);
      look();
    },
  });
  return { ...seen, summary };
}
