import type { Session, Turn } from "@baa/contracts";
import type { ComponentChildren } from "preact";
import type { Tone } from "../model/health.ts";
import type { Outage } from "../state/link.ts";
import { now } from "../state/clock.ts";
import { ago, duration, words } from "../text/format.ts";

export const Dot = ({ tone }: { tone: Tone }) => <span class={`dot ${tone}`} aria-hidden="true" />;

/** A state in a word, with its colour. */
export const Badge = ({ tone, children }: { tone: Tone; children: ComponentChildren }) => (
  <span class={`badge ${tone}`}>{children}</span>
);

const TONES: Readonly<Record<string, Tone>> = {
  idle: "quiet",
  archived: "quiet",
  accepted: "busy",
  forwarding: "busy",
  running: "busy",
  awaitingApproval: "warn",
  completed: "good",
  failed: "bad",
  interrupted: "warn",
  lost: "bad",
};

export const toneOf = (state: Session["state"] | Turn["state"]): Tone => TONES[state] ?? "quiet";

export const StateBadge = ({ state }: { state: Session["state"] | Turn["state"] }) => (
  <Badge tone={toneOf(state)}>{words(state)}</Badge>
);

/** `3 min ago`, kept right as time goes by. */
export const Ago = ({ at }: { at: string }) => (
  <time dateTime={at} title={new Date(at).toLocaleString()}>
    {ago(now.value - Date.parse(at))}
  </time>
);

/** How long something has been going on. */
export const Since = ({ at }: { at: string }) => <>{duration(Math.max(0, now.value - Date.parse(at)))}</>;

/** A reconnect takes less than this; nobody needs to hear of it. */
const SETTLE_MS = 2_000;

/** Whether a stream has been broken off long enough to say so. */
export const isOut = (outage: Outage | undefined): outage is Outage =>
  outage !== undefined && now.value - outage.sinceMs >= SETTLE_MS;

/** What is shown is old: since when, and why. */
export const StaleNote = ({ ms, reason }: { ms: number; reason?: string | undefined }) =>
  ms > 0 ? (
    <p class="stale-note">
      <strong>as of {ago(ms)}</strong>
      {reason === undefined || reason === "" ? "" : ` · ${reason}`}
    </p>
  ) : null;

/** A stream has broken off, longer ago than a reconnect takes. */
export const OutageNote = ({ outage }: { outage: Outage | undefined }) =>
  isOut(outage) ? (
    <p class="stale-note">
      <strong>not live for {duration(now.value - outage.sinceMs)}</strong> · {outage.reason}
    </p>
  ) : null;

export const Spinner = () => <span class="spinner" aria-hidden="true" />;
