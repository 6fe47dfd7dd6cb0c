import { describe, expect, it } from "vitest";
import {
  CreateFirefoxCommand,
  CreateFirefoxPairing,
  FIREFOX_EVENT_TYPES,
  FirefoxClient,
  FirefoxCommandListQuery,
  SetFirefoxSite,
} from "../../src/index.ts";
import { CLIENT_ID } from "./frame-examples.ts";

describe("asking a browser", () => {
  const take = (body: object) => CreateFirefoxCommand.safeParse({ method: "tabs.list", ...body }).success;

  it("needs a method, and has a minute when nothing else is said", () => {
    expect(CreateFirefoxCommand.parse({ method: "tabs.list" })).toEqual({
      method: "tabs.list",
      params: {},
      ttlMs: 60_000,
      waitMs: 0,
      ifConnected: false,
    });
  });

  it.each<[object, boolean]>([
    [{ clientId: CLIENT_ID }, true],
    [{ clientId: "desk" }, false],
    [{ method: "tabs.explode" }, false],
    [{ method: "__proto__" }, false],
    [{ ttlMs: 99 }, false],
    [{ ttlMs: 100 }, true],
    [{ ttlMs: 3_600_000 }, true],
    [{ ttlMs: 3_600_001 }, false],
    [{ waitMs: 60_000 }, true],
    [{ waitMs: 60_001 }, false],
    [{ params: [] }, false],
    [{ params: null }, false],
    [{ effect: "read" }, false],
    [{ ifConnected: "yes" }, false],
  ])("%j: %j", (change, isTaken) => {
    expect(take(change)).toBe(isTaken);
  });
});

it("a pairing is by a typed code unless it is for a policy, and its name is short", () => {
  expect(CreateFirefoxPairing.parse({})).toEqual({ kind: "code" });
  expect(CreateFirefoxPairing.parse({ kind: "policy", name: "n".repeat(64) }).kind).toBe("policy");
  for (const body of [
    { kind: "open" },
    { name: "" },
    { name: "n".repeat(65) },
    { name: "a\0b" },
    { name: "\ud83e" },
    { code: "12345678" },
  ]) {
    expect(CreateFirefoxPairing.safeParse(body).success).toBe(false);
  }
});

it("a site is allowed, denied or forgotten, and never set to be asked for", () => {
  for (const access of ["allowed", "denied", "forget"]) {
    expect(SetFirefoxSite.safeParse({ site: "a.org", access }).success).toBe(true);
  }
  for (const body of [
    { site: "a.org" },
    { site: "a.org", access: "asked" },
    { site: "a".repeat(256), access: "allowed" },
  ]) {
    expect(SetFirefoxSite.safeParse(body).success).toBe(false);
  }
});

it("the audit is read in pages of 50, 500 at most", () => {
  expect(FirefoxCommandListQuery.parse({})).toEqual({ limit: 50 });
  expect(FirefoxCommandListQuery.safeParse({ limit: "500" }).success).toBe(true);
  for (const query of [{ limit: "0" }, { limit: "501" }, { state: "done" }, { unheardOf: "1" }]) {
    expect(FirefoxCommandListQuery.safeParse(query).success).toBe(false);
  }
});

it("a browser that tells more than is known is shown with it", () => {
  const client = {
    id: CLIENT_ID,
    state: "connected",
    since: "2026-01-01T00:00:00.000Z",
    origin: "moz-extension://a",
    pairedAt: "2026-01-01T00:00:00.000Z",
    isPaused: false,
    methods: ["a.method.of.tomorrow"],
    tabs: [{ id: 1, windowId: 1, isAllowed: false, isActive: true, isLoading: false, isPinned: true }],
    openCommands: 0,
    more: 1,
  };
  expect(FirefoxClient.parse(client)).toEqual(client);
});

it("events of the bridge can be told from all others", () => {
  for (const type of FIREFOX_EVENT_TYPES) expect(type).toMatch(/^firefox\.[a-z]+(\.[a-z]+)?$/);
  expect(new Set(FIREFOX_EVENT_TYPES).size).toBe(FIREFOX_EVENT_TYPES.length);
});
