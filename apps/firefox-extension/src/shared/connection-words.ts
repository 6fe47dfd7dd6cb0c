import { FIREFOX_VERSIONS } from "@baa/contracts/firefox";
import type { ConnectingWhy, NotPairedWhy, PopupConnection } from "./popup-messages.ts";

/** What is shown of a state: by the popup, and by the tooltip of the toolbar's button (the title alone). */
export interface ConnectionWords {
  readonly tone: "good" | "busy" | "warn" | "bad" | "quiet";
  readonly title: string;
  readonly why: string;
  /** What the user can do; missing when there is nothing to do. */
  readonly next?: string;
  /** Label of a button that dials now. */
  readonly connect?: string;
}

/** What the words depend on. */
export interface ConnectionFacts {
  readonly connection: PopupConnection;
  readonly isPaused: boolean;
  readonly url: string;
}

/** The words for where the connection stands. Commands are between backticks. */
export const connectionWords = ({ connection, isPaused, url }: ConnectionFacts): ConnectionWords => {
  switch (connection.kind) {
    case "notPaired":
      return { tone: "quiet", title: "Not paired", ...NOT_PAIRED[connection.why] };
    case "connecting":
      return connecting(connection.why, url);
    case "connected":
      return isPaused ? PAUSED : CONNECTED;
    case "superseded":
      return SUPERSEDED;
    case "revoked":
      return REVOKED;
    case "wrongVersion":
      return wrongVersion(connection.theirs);
    case "impostor":
      return {
        tone: "bad",
        title: "Not our conductor",
        why: `What answers at ${url} could not prove that it is the conductor of this pairing. Nothing was told to it.`,
        next: "Look which program listens there. If conductor was set up anew, unpair under Details and pair again.",
        connect: "Try again",
      };
  }
};

const PAIR = "Run `baa firefox pair` on the machine of conductor and type its code here.";

const NOT_PAIRED: Record<NotPairedWhy, { why: string; next: string }> = {
  never: { why: "Conductor does not know this browser yet.", next: PAIR },
  unpaired: { why: "You have ended the pairing. Conductor cannot use this browser.", next: PAIR },
  policyRefused: { why: "The pairing code of this machine's policy is used up or too old.", next: PAIR },
};

const CONNECTED: ConnectionWords = {
  tone: "good",
  title: "Connected",
  why: "Conductor can use the sites that you allow.",
};

const PAUSED: ConnectionWords = {
  tone: "warn",
  title: "Paused",
  why: "Connected, but every command of conductor is refused.",
  next: "Switch the pause off to go on.",
};

const SUPERSEDED: ConnectionWords = {
  tone: "warn",
  title: "Connected elsewhere",
  why: "Another Firefox with this pairing, such as a copy of this profile, has taken the connection.",
  next: "Use it there, or take it back.",
  connect: "Connect here",
};

const REVOKED: ConnectionWords = {
  tone: "bad",
  title: "Pairing ended",
  why: "Conductor has ended the pairing of this browser.",
  next: `To pair again: run \`baa firefox pair\` and type its code here.`,
};

const connecting = (why: ConnectingWhy, url: string): ConnectionWords => {
  switch (why) {
    case "starting":
      return { tone: "busy", title: "Connecting", why: `Calling ${url}.` };
    case "enrolling":
      return { tone: "busy", title: "Pairing", why: "Using the pairing code of this machine's policy." };
    case "lost":
      return { tone: "busy", title: "Connecting", why: "The connection was lost; it is being opened again." };
    case "noAnswer":
      return {
        tone: "warn",
        title: "No answer",
        why: `Nothing answers at ${url}. It is tried again and again.`,
        next: "Start conductor (`baa status` tells how it is), or correct the address under Details.",
        connect: "Try now",
      };
    case "refused":
      return {
        tone: "warn",
        title: "Refused",
        why: `Something answers at ${url}, but lets no connection of this browser in. Perhaps the pairing was ended.`,
        next: `If it is conductor, pair again: run \`baa firefox pair\` and type its code here. Else correct the address under Details.`,
        connect: "Try now",
      };
    case "keyRefused":
      return {
        tone: "bad",
        title: "Key refused",
        why: "Conductor does not know the key of this browser any more.",
        next: `Pair again: run \`baa firefox pair\` and type its code here.`,
        connect: "Try now",
      };
    case "noPermission":
      return {
        tone: "warn",
        title: "Permission missing",
        why: `Firefox does not let this extension reach ${url}.`,
        next: "Give it the permission below.",
      };
  }
};

const range = ([min, max]: readonly [number, number]): string => (min === max ? String(min) : `${min} to ${max}`);

const wrongVersion = (theirs: readonly [number, number] | undefined): ConnectionWords => {
  const isTheirsOlder = theirs !== undefined && theirs[1] < FIREFOX_VERSIONS[0];
  const own = `this extension speaks version ${range(FIREFOX_VERSIONS)}`;
  return {
    tone: "bad",
    title: "Wrong version",
    why:
      theirs === undefined
        ? `Conductor does not take the version of this extension; ${own} of the protocol.`
        : `Conductor speaks version ${range(theirs)} of the protocol, ${own}.`,
    next: isTheirsOlder ? "Update conductor." : "Install the extension that came with conductor's release.",
    connect: "Try again",
  };
};
