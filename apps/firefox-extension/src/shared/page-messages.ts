import type { FirefoxError, FirefoxMethod, SiteAdapter } from "@baa/contracts/firefox";

/** What the background asks the content script of a tab (`tabs.sendMessage`, frame 0). */
export type ToPage =
  | {
      readonly kind: "call";
      /** The command. A page that already works on it says so instead of doing it again. */
      readonly id: string;
      /** Host for which it was allowed. A page of another one, come in between, refuses. */
      readonly site: string;
      readonly method: FirefoxMethod;
      readonly params: Readonly<Record<string, unknown>>;
      /** For chats: how this site is used. */
      readonly adapter?: SiteAdapter;
    }
  /** Stop it. */
  | { readonly kind: "cancel"; readonly id: string }
  /** What became of a chat whose background died: the page tells its whole text and, when it is over, its end again. */
  | { readonly kind: "attach"; readonly id: string }
  /** Whether anybody is there; answered with `working`. */
  | { readonly kind: "ping" };

/** The answer to `call` and `attach`. `working`: chunks and the end come by messages of the page's own. */
export type PageReply =
  | { readonly kind: "end"; readonly outcome: PageOutcome }
  | { readonly kind: "working" }
  /** To `attach`: this page does not know it (it was loaded anew). */
  | { readonly kind: "unknown" };

export type PageOutcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: FirefoxError };

/**
 * What a page tells by itself (`runtime.sendMessage`, which wakes a background that sleeps; a port would not).
 * `text` replaces what was told from `from` on.
 */
export type FromPage =
  | { readonly kind: "chunk"; readonly id: string; readonly from: number; readonly text: string }
  | { readonly kind: "ended"; readonly id: string; readonly outcome: PageOutcome };
