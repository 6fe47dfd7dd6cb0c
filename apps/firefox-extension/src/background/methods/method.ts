import type { FirefoxMethod, FirefoxParams, FirefoxResult } from "@baa/contracts/firefox";

/** What a method has while it runs. */
export interface MethodContext extends CommandContext {
  /**
   * Tabs into whose page this background has put its script: it is there unless the page was left since. Emptied when
   * the user takes a permission back, since a page keeps its script and Firefox must say whether it still may have one.
   */
  readonly scripted: Set<number>;
}

/** As much of it as belongs to one command. */
export interface CommandContext {
  /** The command. */
  readonly id: string;
  /** Aborts when it is cancelled or its time is over. */
  readonly signal: AbortSignal;
  /** Streamed text: replaces what was sent from `from` on. */
  readonly emit: (from: number, text: string) => void;
  /** The site must be allowed; called with the address that is really touched. @throws MethodFault site_not_allowed, no_site */
  readonly requireSite: (url: string | undefined) => void;
  /**
   * Work in a page: the tab that is to do it. Awaited before anything is asked of that page; it is journaled, so that a
   * later background asks this page what became of it, and its end is told when the tab goes.
   */
  readonly claimTab: (tabId: number) => Promise<void>;
}

/** Does it. Parameters are parsed. @throws MethodFault */
export type MethodRunner<M extends FirefoxMethod> = (
  params: FirefoxParams<M>,
  context: MethodContext,
) => Promise<FirefoxResult<M>>;

/** `in page` = the page does it and tells its end, whatever becomes of the background; the runner has handed it over. */
export const IN_PAGE = Symbol("in page");
export type InPageRunner<M extends FirefoxMethod> = (
  params: FirefoxParams<M>,
  context: MethodContext,
) => Promise<typeof IN_PAGE>;

export { MethodFault } from "../../shared/method-fault.ts";
