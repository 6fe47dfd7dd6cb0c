import type { FirefoxClient } from "@baa/contracts";
import { expect, test } from "vitest";
import { chooseBrowser } from "../../src/firefox/browsers.ts";

const at = "2026-11-26T12:00:00.000Z";
const browser = (digits: string, o: Partial<FirefoxClient> = {}): FirefoxClient => ({
  id: `ffx_${digits.padEnd(32, "0")}`,
  state: "disconnected",
  since: at,
  origin: "moz-extension://x",
  pairedAt: at,
  isPaused: false,
  methods: [],
  tabs: [],
  openCommands: 0,
  ...o,
});
const desk = browser("aaaa1", { name: "Desk" });
const desktop = browser("bbbb2", { name: "desktop", state: "connected" });
const nameless = browser("cccc3");

test("without a name: the only connected one, else the only one", () => {
  expect(chooseBrowser([desk, desktop, nameless], undefined)).toBe(desktop);
  expect(chooseBrowser([desk], undefined)).toBe(desk);
  expect(() => chooseBrowser([desk, nameless], undefined)).toThrow(
    `more than one browser could be meant: say --client, Desk (${desk.id}), ${nameless.id}`,
  );
});

test("nothing is paired: the next step is to pair", () => {
  expect(() => chooseBrowser([], "desk")).toThrow(
    expect.objectContaining({ exit: "failed", code: "nothing_paired", next: "Pair one: baa firefox pair" }) as Error,
  );
});

test.each([
  ["desk", desk],
  ["DESKT", desktop],
  ["aaaa", desk],
  ["ffx_cccc3", nameless],
  [nameless.id, nameless],
])("%s: an exact name goes before the beginning of one, and that before an id", (given, meant) => {
  expect(chooseBrowser([desk, desktop, nameless], given)).toBe(meant);
});

test("what fits none or several is refused, with those that there are", () => {
  expect(() => chooseBrowser([desk, desktop], "de")).toThrow(
    /^de could be Desk \(.*\), desktop \(.*\): give more of it$/,
  );
  expect(() => chooseBrowser([desk], "000")).toThrow(/^no browser is called 000; there are Desk/);
});
