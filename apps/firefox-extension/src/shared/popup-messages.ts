import type { FirefoxCommandState, SiteRule } from "@baa/contracts/firefox";

/**
 * The popup and the background: the popup asks by `runtime.sendMessage`, the background answers. The popup asks for the
 * state when it opens, after each action and every half second while it is open, so nothing has to be pushed, and a
 * background that slept or was started again is simply asked again.
 *
 * The background takes these messages only when `isOfPopup` says so: a content script can send to it, too.
 */
export type ToBackground = { readonly kind: "popup"; readonly action: PopupAction };

export type PopupAction =
  /** Answered with `PopupState`; all others with `PopupReply`, when it has been done. */
  | { readonly do: "tellState" }
  /** `code`: eight digits. Answered when the pairing has ended one way or the other. */
  | { readonly do: "pair"; readonly code: string }
  /** Tells conductor when it can be reached, and forgets the key in any case. */
  | { readonly do: "unpair" }
  /** Dial now, whatever kept it from it: another connection that won, a wait between two tries. */
  | { readonly do: "connect" }
  | { readonly do: "setPaused"; readonly isPaused: boolean }
  /** Conductor keeps the rules, so this needs a connection. null forgets the rule. */
  | { readonly do: "setSite"; readonly site: string; readonly access: "allowed" | "denied" | null }
  /** Without `url`: the default again. A new address drops the connection, and keeps the key. */
  | { readonly do: "setUrl"; readonly url?: string }
  /** The tab that is active now. Kept until conductor has it, so it needs no connection. */
  | { readonly do: "sendPage" }
  | { readonly do: "sendSelection" };

/** `error`: a sentence that says what is wrong and what to do next. */
export type PopupReply = { readonly ok: true } | { readonly ok: false; readonly error: string };

/** Where the connection stands. The words for it are in connection-words.ts. */
export type PopupConnection =
  | { readonly kind: "notPaired"; readonly why: NotPairedWhy }
  | { readonly kind: "connecting"; readonly why: ConnectingWhy }
  | { readonly kind: "connected" }
  /** Another Firefox with this pairing has connected (4409); we stay away until the user says so. */
  | { readonly kind: "superseded" }
  /** Conductor has ended the pairing (4410); the key is gone. */
  | { readonly kind: "revoked" }
  /** No version of the frames in common (4426). `theirs`: what its challenge named. */
  | { readonly kind: "wrongVersion"; readonly theirs?: readonly [min: number, max: number] }
  /** What answers at the address could not prove that it is the conductor of our pairing. */
  | { readonly kind: "impostor" };

/** `never`; `unpaired` = the user has; `policyRefused` = the code of the managed policy does not count (any more). */
export type NotPairedWhy = "never" | "unpaired" | "policyRefused";

export type ConnectingWhy =
  /** The first try is going on. */
  | "starting"
  /** The code of the managed policy is being tried. */
  | "enrolling"
  /** Nothing answers at the address. */
  | "noAnswer"
  /** It was open, and has ended. */
  | "lost"
  /** Something answers there, and opens no socket for us. */
  | "refused"
  /** It does not take our key (4401). */
  | "keyRefused"
  /** Firefox does not let the extension reach the address. */
  | "noPermission";

/** The active tab of the window in which the popup is open. */
export interface PopupTab {
  readonly title: string;
  /** Missing when it shows no web page. */
  readonly site?: string;
}

/** What this browser was asked lately. */
export interface PopupCommand {
  readonly id: string;
  readonly method: string;
  readonly site?: string;
  readonly state: Extract<FirefoxCommandState, "running" | "completed" | "failed" | "cancelled" | "interrupted">;
  /** When it came, or ended (ms since 1970). */
  readonly atMs: number;
  /** Why it did not succeed. */
  readonly error?: string;
}

/** At most so many are told, the newest first. */
export const POPUP_COMMANDS_MAX = 10;

/** All that the popup shows. */
export interface PopupState {
  readonly connection: PopupConnection;
  /** Whether there is a key. */
  readonly isPaired: boolean;
  /** The user has paused: connected, and every command is refused. */
  readonly isPaused: boolean;
  readonly url: string;
  /** The address comes from the managed policy and cannot be changed here. */
  readonly isUrlManaged: boolean;
  /** `Firefox 153.0`. */
  readonly browser: string;
  /** Of the extension. */
  readonly version: string;
  readonly clientId: string;
  /** Whether Firefox lets the extension work on every site. */
  readonly hasAllSites: boolean;
  readonly tab?: PopupTab;
  /** As conductor told them last. */
  readonly sites: readonly SiteRule[];
  /** Pages and selections that the user sent and conductor has not taken yet. */
  readonly waiting: number;
  readonly commands: readonly PopupCommand[];
}

/** Path of the popup inside the extension. */
export const POPUP_PAGE = "popup/popup.html";

/** Whether a message comes from the popup itself. `extensionId`, `root`: `runtime.id` and `runtime.getURL("")`. */
export const isOfPopup = (
  message: unknown,
  sender: { readonly id?: string; readonly url?: string },
  { extensionId, root }: { readonly extensionId: string; readonly root: string },
): message is ToBackground =>
  sender.id === extensionId &&
  sender.url?.startsWith(`${root}${POPUP_PAGE}`) === true &&
  typeof message === "object" &&
  message !== null &&
  (message as { kind?: unknown }).kind === "popup";
