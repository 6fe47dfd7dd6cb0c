import { ORIGIN, OTHER_ORIGIN } from "./firefox-door.ts";
import type { DialOptions } from "./test-browser.ts";

/** Upgrade requests that fail while one browser is paired and no pairing is open: name, how to dial, status. */
export const UPGRADE_ATTACKS: readonly (readonly [string, (port: number) => DialOptions, number])[] = [
  ["from a page", () => ({ origin: "http://evil.example" }), 403],
  ["from a page of this origin", (port) => ({ origin: `http://127.0.0.1:${port}` }), 403],
  ["from an extension that is not paired", () => ({ origin: OTHER_ORIGIN }), 403],
  ["from nowhere", () => ({ origin: "null" }), 403],
  ["by a name that was rebound", (port) => ({ host: `evil.example:${port}` }), 421],
  ["without a subprotocol", () => ({ protocols: [] }), 400],
  ["with another subprotocol", () => ({ protocols: ["conductor.firefox.v2"] }), 400],
  ["with a longer name", () => ({ origin: `${ORIGIN}.evil.example` }), 403],
];
