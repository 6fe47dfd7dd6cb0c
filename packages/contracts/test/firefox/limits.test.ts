import { expect, it } from "vitest";
import { FIREFOX_LIMITS, FIREFOX_METHODS } from "../../src/firefox/index.ts";
import { CLIENT_FRAMES } from "./frame-examples.ts";

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

it("the longest hello fits into the bytes that a stranger may send", () => {
  const wide = (chars: number): string => "\u{FFFF}".repeat(chars);
  const hello = CLIENT_FRAMES.find(({ t }) => t === "hello");
  const info = { browser: wide(128), os: wide(64), extension: wide(32), manifest: 3, hasAllSites: false };
  expect(bytesOf({ ...hello, backgroundId: wide(64), info })).toBeLessThan(FIREFOX_LIMITS.handshakeBytes);
});

it("what goes in one piece fits into one frame, whatever its characters are", () => {
  // Three bytes at most for a UTF-16 unit; in JSON text only `"` and `\` become two characters when they are quoted again.
  expect(FIREFOX_LIMITS.inlineResultChars * 3).toBeLessThan(FIREFOX_LIMITS.frameBytes);
  expect(FIREFOX_LIMITS.partChars * 3).toBeLessThan(FIREFOX_LIMITS.frameBytes);
  expect(FIREFOX_LIMITS.paramsBytes).toBeLessThan(FIREFOX_LIMITS.frameBytes);
});

it("a silent browser is dropped before it would drop us, and a live one never is", () => {
  const { heartbeatMs, pingsMissedMax, silenceMs } = FIREFOX_LIMITS;
  expect(heartbeatMs * (pingsMissedMax + 1)).toBeLessThan(silenceMs);
  // Firefox stops an event page that has done nothing for 30 s.
  expect(heartbeatMs).toBeLessThan(30_000);
});

it("a wait that a command may ask for fits into the time that one may have", () => {
  const wait = FIREFOX_METHODS["page.waitFor"].params;
  expect(wait.safeParse({ selector: "a", timeoutMs: 600_000 }).success).toBe(true);
  expect(FIREFOX_LIMITS.commandTtlMsMax).toBeGreaterThan(600_000);
  expect(FIREFOX_LIMITS.commandTtlMs).toBeGreaterThan(wait.parse({ selector: "a" }).timeoutMs);
});

it("a code is guessed by tries with a chance below one in a million", () => {
  expect(FIREFOX_LIMITS.pairingTries / 10 ** 8).toBeLessThan(1e-6);
});
