/**
 * A command as the browser's journal knows it; `started` is written before anything is done, `done` with the result
 * before that is sent:
 *
 *     absent --cmd--> started --end--> done --resultAck--> absent
 */
export type JournalEntryState = "absent" | "started" | "done";

export interface JournalFacts {
  readonly state: JournalEntryState;
  /** Whether this background page began it, and so still works on it. */
  readonly isOurs: boolean;
  readonly effect: "read" | "write";
  /** Whether the page itself does it and will tell its end (a chat), whatever becomes of the background. */
  readonly isInPage: boolean;
}

/**
 * What to do with a command that was delivered (again), or that is found in the journal at a start:
 * `run` it; `accept` = say that it is being done; `replay` its result; `attach` to the page that does it;
 * `interrupt` = its beginner has died, nobody knows what it did: end it so.
 */
export type JournalAction = "run" | "accept" | "replay" | "attach" | "interrupt";

export const actionFor = ({ state, isOurs, effect, isInPage }: JournalFacts): JournalAction => {
  if (state === "absent") return "run";
  if (state === "done") return "replay";
  if (isOurs) return "accept";
  if (isInPage) return "attach";
  return effect === "read" ? "run" : "interrupt";
};
