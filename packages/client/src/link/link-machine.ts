/**
 * What is known of a service, from the answers to our own probes.
 *
 *              answered                         refused, or missed twice
 *   unknown ────────────► up ──────────────────────────────────────────► down
 *      │                  ▲                                               │
 *      └── refused, missed│────────────────────────────► down             │
 *                         └───────────────────────────────────────────────┘ answered
 *
 * `refused`: nobody listens, or the connection broke. `missed`: no answer in time; once may be a busy moment.
 */
export type LinkState =
  | { readonly kind: "unknown" }
  | { readonly kind: "up"; readonly since: string; readonly misses: number }
  | { readonly kind: "down"; readonly since: string; readonly reason: string; readonly probes: number };

export type LinkInput =
  | { readonly kind: "answered"; readonly at: string }
  | { readonly kind: "refused"; readonly at: string; readonly reason: string }
  | { readonly kind: "missed"; readonly at: string; readonly reason: string };

/** Probes in a row that may go unanswered. */
const MISSES_MAX = 1;

export const LINK_INITIAL: LinkState = { kind: "unknown" };

/** The state after a probe; the same object when nothing changes. */
export const nextLink = (state: LinkState, input: LinkInput): LinkState => {
  if (input.kind === "answered") return answered(state, input.at);
  switch (state.kind) {
    case "unknown":
      return { kind: "down", since: input.at, reason: input.reason, probes: 1 };
    case "up":
      if (input.kind === "missed" && state.misses < MISSES_MAX) return { ...state, misses: state.misses + 1 };
      return { kind: "down", since: input.at, reason: input.reason, probes: 1 };
    case "down":
      return { ...state, reason: input.reason, probes: state.probes + 1 };
  }
};

const answered = (state: LinkState, at: string): LinkState => {
  if (state.kind !== "up") return { kind: "up", since: at, misses: 0 };
  return state.misses === 0 ? state : { ...state, misses: 0 };
};

/** Milliseconds between probes while all is well; a broken stream or call asks for one at once. */
const UP_MS = 5_000;
const MISSED_MS = 250;
const DOWN_MS = { first: 250, most: 2_000 };

/** When to probe next. A service that is down is found again within `DOWN_MS.most` of its return. */
export const probeDelayMs = (state: LinkState): number => {
  switch (state.kind) {
    case "unknown":
      return 0;
    case "up":
      return state.misses === 0 ? UP_MS : MISSED_MS;
    case "down":
      return Math.min(DOWN_MS.first * 2 ** Math.min(state.probes - 1, 10), DOWN_MS.most);
  }
};
