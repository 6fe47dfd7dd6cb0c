import { WS_CLOSE } from "@baa/contracts/firefox";
import type { PopupConnection } from "../../shared/popup-messages.ts";
import type { ConnectionEnd } from "./connection.ts";

/** How a connection ended, and what led to it. */
export interface RedialFacts {
  readonly end: ConnectionEnd;
  readonly with: "key" | "code";
  /** How long it was open; 0 when it never was. */
  readonly openMs: number;
  /** Connections in a row, before this one, that never opened. */
  readonly failures: number;
}

/** What follows. */
export interface RedialStep {
  readonly shows: PopupConnection;
  /** Until the next probe. `never`: the user says when, or another start of the browser. */
  readonly waitMs: number | "never";
  /**
   * `forgetKey`: conductor has ended the pairing. `refuseCode`: the code does not count. A key that is refused is kept:
   * conductor may have been started with an older state, and whoever answers at the address must not be able to cost
   * us the pairing.
   */
  readonly effect?: "forgetKey" | "refuseCode";
}

/** Nothing gets better soon: told, and tried again now and then. */
const SLOW_MS = 60_000;
/** A connection that ends so soon after its opening is not opened again at once. */
const BRIEF_MS = 1_000;
const AFTER_SLOW_MS = 2_000;
/** Something answers and lets nobody in: perhaps it has only just started. */
const REFUSED_MS_MAX = 15_000;

/** When to dial again. What a server says before it has proved itself costs us a wait, never the key. */
export const stepRedial = (facts: RedialFacts): RedialStep =>
  facts.end.phase === "open" ? afterOpen(facts) : beforeOpen(facts);

const afterOpen = ({ end, openMs }: RedialFacts): RedialStep => {
  switch (end.code) {
    case WS_CLOSE.superseded:
      return { shows: { kind: "superseded" }, waitMs: "never" };
    case WS_CLOSE.revoked:
      return { shows: { kind: "revoked" }, waitMs: "never", effect: "forgetKey" };
    case WS_CLOSE.version:
      return { shows: wrongVersion(end), waitMs: SLOW_MS };
    case WS_CLOSE.auth:
    case WS_CLOSE.forbidden:
      return { shows: connecting("keyRefused"), waitMs: SLOW_MS };
    case WS_CLOSE.slow:
      return { shows: connecting("lost"), waitMs: AFTER_SLOW_MS };
    default:
      return { shows: connecting("lost"), waitMs: openMs < BRIEF_MS ? BRIEF_MS : 0 };
  }
};

const beforeOpen = ({ end, with: proved, failures }: RedialFacts): RedialStep => {
  if (end.fault === "version" || end.code === WS_CLOSE.version) return { shows: wrongVersion(end), waitMs: SLOW_MS };
  if (end.fault === "impostor") return { shows: { kind: "impostor" }, waitMs: SLOW_MS };
  const isRefused = end.code === WS_CLOSE.auth || end.code === WS_CLOSE.forbidden;
  if (isRefused && proved === "key") return { shows: connecting("keyRefused"), waitMs: SLOW_MS };
  if (isRefused) return { shows: { kind: "notPaired", why: "policyRefused" }, waitMs: 0, effect: "refuseCode" };
  return { shows: connecting("refused"), waitMs: Math.min(REFUSED_MS_MAX, BRIEF_MS * 2 ** failures) };
};

const connecting = (why: "lost" | "refused" | "keyRefused"): PopupConnection => ({ kind: "connecting", why });

const wrongVersion = ({ theirs }: ConnectionEnd): PopupConnection => ({
  kind: "wrongVersion",
  ...(theirs === undefined ? {} : { theirs }),
});
