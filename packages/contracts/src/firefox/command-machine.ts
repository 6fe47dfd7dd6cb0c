import type { FirefoxError } from "./frames.ts";

/**
 * A command as the server knows it. It is on disk before it is sent, is sent again after every welcome until it has
 * ended, and ends once:
 *
 *     queued --sent--> sent --accepted--> running --result--> completed | failed | cancelled | interrupted
 *     queued --cancel--> cancelled          queued --deadline--> expired
 *     sent, running --deadline--> (the browser is told to stop) --grace is over--> failed (read) | interrupted (write)
 */
export const FIREFOX_COMMAND_STATES = [
  "queued",
  "sent",
  "running",
  "completed",
  "failed",
  "cancelled",
  "expired",
  "interrupted",
] as const;
export type FirefoxCommandState = (typeof FIREFOX_COMMAND_STATES)[number];

export const isOpenCommand = (state: FirefoxCommandState): boolean =>
  state === "queued" || state === "sent" || state === "running";

export interface FirefoxCommandFacts {
  readonly state: FirefoxCommandState;
  readonly effect: "read" | "write";
}

export type FirefoxCommandInput =
  | { readonly kind: "sent" }
  | { readonly kind: "accepted" }
  | { readonly kind: "result"; readonly error: FirefoxError | undefined }
  /** Somebody wants it to end. */
  | { readonly kind: "cancel" }
  | { readonly kind: "deadline" }
  /** The browser has not said in time how it ended. */
  | { readonly kind: "grace is over" }
  /** The browser is not paired any more. */
  | { readonly kind: "revoked" };

export interface FirefoxCommandStep {
  readonly state: FirefoxCommandState;
  /** Why, for a state that is no success and that the browser did not explain itself. */
  readonly error?: FirefoxError;
  /** Tell the browser to stop it. */
  readonly tellBrowser?: "cancel";
}

export const stepFirefoxCommand = (command: FirefoxCommandFacts, input: FirefoxCommandInput): FirefoxCommandStep => {
  const { state } = command;
  if (!isOpenCommand(state)) return { state };
  const isQueued = state === "queued";
  switch (input.kind) {
    case "sent":
      return { state: isQueued ? "sent" : state };
    case "accepted":
      return { state: "running" };
    case "result":
      return { state: endOf(input.error) };
    case "cancel":
      return isQueued ? { state: "cancelled", error: NOT_SENT.cancelled } : { state, tellBrowser: "cancel" };
    case "deadline":
      return isQueued ? { state: "expired", error: NOT_SENT.expired } : { state, tellBrowser: "cancel" };
    case "grace is over":
      return isQueued
        ? { state: "expired", error: NOT_SENT.expired }
        : cutOff(command, "it did not say in time how it ended");
    case "revoked":
      return isQueued
        ? { state: "cancelled", error: NOT_SENT.revoked }
        : cutOff(command, "its pairing ended before it said how this ended");
  }
};

const endOf = (error: FirefoxError | undefined): FirefoxCommandState => {
  if (error === undefined) return "completed";
  if (error.code === "cancelled") return "cancelled";
  return error.outcome === "unknown" ? "interrupted" : "failed";
};

/** Nothing is known of what the browser did with it: for a write that is said, a read has just failed. */
const cutOff = ({ effect }: FirefoxCommandFacts, message: string): FirefoxCommandStep =>
  effect === "write"
    ? { state: "interrupted", error: { code: "interrupted", message: `The browser: ${message}.`, outcome: "unknown" } }
    : { state: "failed", error: { code: "timeout", message: `The browser: ${message}.`, outcome: "notDone" } };

const notSent = (message: string): FirefoxError => ({ code: "cancelled", message, outcome: "notDone" });
const NOT_SENT = {
  cancelled: notSent("It was cancelled before it was sent to the browser."),
  expired: { code: "timeout", message: "Its time was over before the browser could be reached.", outcome: "notDone" },
  revoked: notSent("The browser's pairing ended before it was sent."),
} as const satisfies Record<string, FirefoxError>;
