import type { ControlMode, ControlReason } from "@baa/contracts";

/**
 * Control is a set of reasons; the mode is the strictest of them.
 *
 *   no reason ───────────── running    steps are leased, turns begin
 *   a `paused` reason ───── paused     no step is leased; interactive turns go on
 *   a `draining` reason ─── draining   nothing new begins; steer, interrupt and approvals pass
 *
 * A set, not a switch: two scripts that each wait for quiet cannot take each other's reason back.
 */
export type Reasons = readonly ControlReason[];

export type ControlInput =
  | { readonly kind: "set"; readonly reason: ControlReason }
  | { readonly kind: "take back"; readonly id: string }
  | { readonly kind: "take all back" }
  | { readonly kind: "time passed"; readonly now: string };

/** The reasons after an input; the same array when nothing changes. */
export const applyControl = (reasons: Reasons, input: ControlInput): Reasons => {
  switch (input.kind) {
    case "set":
      return [...reasons.filter(({ id }) => id !== input.reason.id), input.reason];
    case "take back":
      return without(reasons, ({ id }) => id === input.id);
    case "take all back":
      return reasons.length === 0 ? reasons : [];
    case "time passed":
      return without(reasons, ({ expiresAt }) => expiresAt !== undefined && expiresAt <= input.now);
  }
};

const without = (reasons: Reasons, isGone: (reason: ControlReason) => boolean): Reasons =>
  reasons.some(isGone) ? reasons.filter((reason) => !isGone(reason)) : reasons;

/** The strictest mode that a reason asks for. */
export const modeOf = (reasons: Reasons): ControlMode => {
  if (reasons.some(({ mode }) => mode === "draining")) return "draining";
  return reasons.length > 0 ? "paused" : "running";
};

/** When the next reason goes by itself (RFC 3339 UTC, as they compare by text); undefined when none does. */
export const nextExpiry = (reasons: Reasons): string | undefined =>
  reasons
    .flatMap(({ expiresAt }) => (expiresAt === undefined ? [] : [expiresAt]))
    .toSorted()
    .at(0);
