import type { FirefoxCommandState } from "@baa/contracts/firefox";
import { usageError } from "../../errors.ts";
import type { ExitName } from "../../exit-codes.ts";
import { durationMs, wholeNumber } from "../../options.ts";
import type { ArgumentDef, OptionDef } from "../../verb.ts";

export interface ClientOption {
  readonly client?: string;
}
/** Of whatever is asked of a browser. */
export interface CommandOptions extends ClientOption {
  /** Milliseconds. */
  readonly timeout?: number;
}
export interface PageOptions extends CommandOptions {
  readonly tab?: number;
}
export interface PairOptions {
  readonly name?: string;
  readonly wait: boolean;
}
export interface ReadOptions extends PageOptions {
  readonly all?: true;
  readonly html?: true;
  readonly selector?: string;
}
export interface ShotOptions extends PageOptions {
  readonly full?: true;
  readonly output?: string;
}
export interface FetchOptions extends PageOptions {
  readonly method?: (typeof HTTP_METHODS)[number];
  readonly header?: Record<string, string>;
  readonly data?: string;
  readonly background?: true;
}
export type AskOptions = PageOptions;
export interface OpenOptions extends CommandOptions {
  readonly focus?: true;
}
export interface TypeOptions extends PageOptions {
  readonly append?: true;
  readonly submit?: true;
}
export interface WaitOptions extends PageOptions {
  readonly state: "attached" | "visible" | "hidden";
}
export interface EventsOptions {
  readonly after?: string;
  readonly types?: string;
  readonly follow?: true;
}
export interface CommandsOptions extends ClientOption {
  readonly state?: FirefoxCommandState;
  readonly limit: number;
}
export interface PolicyOptions {
  readonly name?: string;
  readonly xpi?: string;
  readonly url?: string;
  readonly output?: string;
  readonly install?: true;
}

export const HTTP_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;
const TTL_MS_MAX = 60 * 60 * 1000;

const ttl = (word: string): number => {
  const ms = durationMs(word);
  if (ms >= 100 && ms <= TTL_MS_MAX) return ms;
  throw usageError(`${word} is not between 100 ms and 1 h`);
};

export const CLIENT: OptionDef = {
  flags: "-c, --client <browser>",
  summary: "which browser: its name or id, or the beginning of it; not needed when only one is connected",
};
export const timeoutOf = (normal: string): OptionDef => ({
  flags: "--timeout <duration>",
  summary: `how long it may take in all, 1 h at most (default: ${normal})`,
  parse: ttl,
});
export const OF_COMMAND: readonly OptionDef[] = [CLIENT, timeoutOf("60s")];
export const TAB: OptionDef = {
  flags: "-t, --tab <id>",
  summary: "the tab, as `baa firefox tabs` lists it; without it the active one of the window used last",
  parse: wholeNumber(0, 999_999_999),
};
export const OF_PAGE: readonly OptionDef[] = [TAB, ...OF_COMMAND];
export const SELECTOR: ArgumentDef = { name: "<selector>", summary: "a CSS selector; the first element that fits" };
export const SITE: ArgumentDef = {
  name: "<site>",
  summary: "a host, with its port unless it is the usual one; *.host is the host and all below it",
};
export const COMMAND: ArgumentDef = { name: "<command>", summary: "its whole id" };
export const TAB_ID: ArgumentDef = { name: "<tab>", summary: "its id, as `baa firefox tabs` lists it" };

export const EXITS_OF_COMMAND: Partial<Readonly<Record<ExitName, string>>> = {
  failed: "the site is not allowed, no browser is paired, or conductor refused it; the message says what next",
  turnFailed: "the browser could not do it; the message says why",
  turnInterrupted: "it was cancelled",
  turnLost: "interrupted: the browser was cut off while it did this, and whether it was done is not known",
  tryLater: "its time was over before the browser could be reached; it was not done",
};
export const JSON_OF_COMMAND = "`{result, command}`";
