/** What conductor itself appends to its feed. */
export const CONDUCTOR_EVENT_TYPES = [
  "conductor.leading",
  "control.changed",
  "codexd.up",
  "codexd.down",
  "codexd.reset",
  "hook.failed",
] as const;
export type ConductorEventType = (typeof CONDUCTOR_EVENT_TYPES)[number];

/**
 * What conductor takes over from codexd's log, under the same types and without the text in it. `data.codexd` has the
 * event's place there: `{logId, seq}`.
 */
export const FOLLOWED_TYPES = ["session.*", "turn.*", "run.*", "approval.*", "usage.*", "child.*", "log.*"] as const;
