/**
 * One message to one target.
 *
 *               answered 2xx
 *   pending ───────────────────► delivered
 *    │  ▲ │
 *    │  │ └─ 410, or the last attempt failed ──► failed
 *    └──┘                                          │
 *   any other answer, or none: later again         │
 *       ▲                                          │
 *       └──────────── sent again by a person ──────┘ (delivered ones too)
 */
export type DeliveryStatus =
  | { readonly state: "pending"; readonly attempts: number; readonly nextMs: number }
  | { readonly state: "delivered" | "failed"; readonly attempts: number };

export type Outcome =
  | { readonly kind: "answered"; readonly status: number }
  /** Nobody answered, or it may not be sent there. */
  | { readonly kind: "unanswered"; readonly reason: string };

/** Attempts until it is given up: with the waits below about 19 hours. */
export const ATTEMPTS_MAX = 30;
/** Milliseconds: doubled from the first to the last. */
const WAIT_MS = { first: 2_000, most: 3_600_000 };
/** The share of a wait that chance takes off at most, so that many that failed together do not come together. */
const JITTER = 0.25;
const GONE = 410;

/** The status after an attempt. `chance` is 0 to 1. */
export const afterAttempt = (
  attempts: number,
  outcome: Outcome,
  o: { nowMs: number; chance: number },
): DeliveryStatus => {
  const done = attempts + 1;
  if (isDelivered(outcome)) return { state: "delivered", attempts: done };
  const isGone = outcome.kind === "answered" && outcome.status === GONE;
  if (isGone || done >= ATTEMPTS_MAX) return { state: "failed", attempts: done };
  return { state: "pending", attempts: done, nextMs: o.nowMs + waitMs(done, o.chance) };
};

export const isDelivered = (outcome: Outcome): boolean =>
  outcome.kind === "answered" && outcome.status >= 200 && outcome.status < 300;

/** Milliseconds to wait after that many attempts. */
export const waitMs = (attempts: number, chance: number): number =>
  Math.round(Math.min(WAIT_MS.first * 2 ** (attempts - 1), WAIT_MS.most) * (1 - JITTER * chance));

/** Nothing is ever due later than this from now: a clock that was set back must not hold a message for years. */
export const NEXT_MS_MAX = WAIT_MS.most;

/** Why an attempt did not count, in words for people. */
export const reasonOf = (outcome: Outcome): string | undefined => {
  if (isDelivered(outcome)) return undefined;
  if (outcome.kind === "unanswered") return outcome.reason;
  const isRedirect = outcome.status >= 300 && outcome.status < 400;
  return isRedirect ? `answered ${outcome.status}; redirects are not followed` : `answered ${outcome.status}`;
};
