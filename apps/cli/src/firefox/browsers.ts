import type { ConductorClient } from "@baa/client";
import type { FirefoxClient } from "@baa/contracts";
import { CliError, usageError } from "../errors.ts";
import { means, shortId } from "../ids.ts";
import { type Patient, patiently } from "../patience.ts";

/** Who asks for something of a browser, and by whom. */
export interface Caller extends Patient {
  readonly conductor: ConductorClient;
}

/** How a browser is called where people read. */
export const browserName = ({ name, id }: Pick<FirefoxClient, "id" | "name">): string => name ?? shortId(id);

/** The paired browsers. */
export const listBrowsers = async (caller: Caller): Promise<FirefoxClient[]> => {
  const { conductor, signal } = caller;
  return (await patiently(caller, () => conductor.firefoxClients({ signal }))).clients;
};

/**
 * The browser that is meant: by its id, its name, or the beginning of either (of an id also the end); without `given`
 * the only connected one, else the only paired one.
 *
 * Throws CliError `nothing_paired` when there is none, `usage` when none or several fit.
 */
export const resolveBrowser = async (caller: Caller, given: string | undefined): Promise<FirefoxClient> =>
  chooseBrowser(await listBrowsers(caller), given);

/** The same, from a list. */
export const chooseBrowser = (browsers: readonly FirefoxClient[], given: string | undefined): FirefoxClient => {
  if (browsers.length === 0) {
    throw new CliError("failed", "nothing_paired", "no browser is paired.", { next: "Pair one: baa firefox pair" });
  }
  const fitting = given === undefined ? withoutName(browsers) : named(browsers, given);
  const [only, ...others] = fitting;
  if (only === undefined) throw usageError(`no browser is called ${given}; there are ${namesOf(browsers)}`);
  if (others.length === 0) return only;
  if (given === undefined) throw usageError(`more than one browser could be meant: say --client, ${namesOf(fitting)}`);
  throw usageError(`${given} could be ${namesOf(fitting)}: give more of it`);
};

const withoutName = (browsers: readonly FirefoxClient[]): readonly FirefoxClient[] => {
  const connected = browsers.filter(({ state }) => state === "connected");
  return connected.length === 0 ? browsers : connected;
};

/** The most exact way of calling them that fits any. */
const named = (browsers: readonly FirefoxClient[], given: string): readonly FirefoxClient[] => {
  const word = given.toLowerCase();
  const ways: ((browser: FirefoxClient) => boolean)[] = [
    ({ id }) => id === given,
    ({ name }) => name?.toLowerCase() === word,
    ({ name }) => name?.toLowerCase().startsWith(word) === true,
    ({ id }) => given.length >= GIVEN_DIGITS_MIN && means(word, id),
  ];
  return ways.map((fits) => browsers.filter(fits)).find((found) => found.length > 0) ?? [];
};

const GIVEN_DIGITS_MIN = 4;

const namesOf = (browsers: readonly FirefoxClient[]): string =>
  browsers.map((browser) => (browser.name === undefined ? browser.id : `${browser.name} (${browser.id})`)).join(", ");
