import { describe, expect, it } from "vitest";
import {
  effectOf,
  FIREFOX_ERRORS,
  FIREFOX_METHOD_NAMES,
  FIREFOX_METHODS,
  type FirefoxMethod,
  isFirefoxMethod,
} from "../../src/firefox/index.ts";

/** Its effect, and the least parameters with what they become. */
const METHODS: readonly [FirefoxMethod, "read" | "write", object, object][] = [
  ["tabs.list", "read", {}, {}],
  ["tabs.open", "write", { url: "https://a.org" }, { url: "https://a.org", active: false }],
  ["tabs.focus", "write", { tabId: 1 }, { tabId: 1 }],
  ["tabs.close", "write", { tabId: 1 }, { tabId: 1 }],
  ["tabs.reload", "write", { tabId: 1 }, { tabId: 1 }],
  ["page.info", "read", {}, {}],
  ["page.text", "read", {}, { mode: "readable" }],
  ["page.html", "read", {}, {}],
  ["page.screenshot", "read", {}, { full: false, format: "png" }],
  ["page.waitFor", "read", { selector: "a" }, { selector: "a", state: "visible", timeoutMs: 30_000 }],
  ["page.click", "write", { selector: "a" }, { selector: "a" }],
  ["page.type", "write", { selector: "a", text: "" }, { selector: "a", text: "", append: false, submit: false }],
  ["page.fetch", "write", { url: "https://a.org" }, { url: "https://a.org", method: "GET", headers: {}, via: "page" }],
  ["chat.send", "write", { text: "Hi" }, { text: "Hi" }],
  ["chat.stop", "write", {}, {}],
  ["sites.check", "read", {}, {}],
];
const parse = (name: FirefoxMethod, params: unknown) => FIREFOX_METHODS[name].params.safeParse(params);

it("the methods are these, with what they do without being told more", () => {
  expect(METHODS.map(([name]) => name)).toEqual(FIREFOX_METHOD_NAMES);
  for (const [name, effect, least, full] of METHODS) {
    expect([name, FIREFOX_METHODS[name].effect]).toEqual([name, effect]);
    expect([name, parse(name, least).data]).toEqual([name, full]);
  }
});

describe("parameters", () => {
  it.each(METHODS)("of %s: none that is not known, none missing, none of another kind", (name, _effect, least) => {
    expect(parse(name, { ...least, unheardOf: 1 }).success).toBe(false);
    for (const field of Object.keys(least))
      expect([field, parse(name, { ...least, [field]: undefined }).success]).toEqual([field, false]);
    for (const field of Object.keys(FIREFOX_METHODS[name].params.shape)) {
      expect([field, parse(name, { ...least, [field]: [true] }).success]).toEqual([field, false]);
      expect([field, parse(name, { ...least, [field]: null }).success]).toEqual([field, false]);
    }
    for (const odd of [null, [], "x", 1, undefined]) expect(parse(name, odd).success).toBe(false);
    expect(parse(name, JSON.parse('{"__proto__":{"tabId":1}}')).success).toBe(false);
  });

  it.each<[FirefoxMethod, object]>([
    ["tabs.focus", { tabId: 1.5 }],
    ["tabs.focus", { tabId: "1" }],
    ...[
      "javascript:alert(1)",
      "file:///etc/passwd",
      "about:config",
      "data:text/html,x",
      "moz-extension://a/x",
      "//a.org",
      "a.org",
      "https:a.org",
      " https://a.org",
      "",
    ].map((url): [FirefoxMethod, object] => ["tabs.open", { url }]),
    ["tabs.open", { url: `https://a.org/${"x".repeat(8179)}` }],
    ["page.fetch", { url: "file:///etc/passwd" }],
    ["page.fetch", { url: "https://a.org", method: "TRACE" }],
    ["page.fetch", { url: "https://a.org", method: "get" }],
    ["page.fetch", { url: "https://a.org", headers: { a: 1 } }],
    ["page.fetch", { url: "https://a.org", via: "worker" }],
    ["page.text", { mode: "some" }],
    ["page.text", { selector: "" }],
    ["page.html", { selector: "a".repeat(2049) }],
    ["page.screenshot", { format: "webp" }],
    ["page.waitFor", { selector: "a", timeoutMs: -1 }],
    ["page.waitFor", { selector: "a", timeoutMs: 600_001 }],
    ["page.waitFor", { selector: "a", state: "gone" }],
    ["page.type", { selector: "a", text: "x".repeat(1_000_001) }],
    ["chat.send", { text: "x".repeat(1_000_001) }],
  ])("%s refuses %j", (name, params) => {
    expect(parse(name, params).success).toBe(false);
  });

  it.each<[FirefoxMethod, object]>([
    ["tabs.open", { url: `https://a.org/${"x".repeat(8178)}` }],
    ["page.waitFor", { selector: "a", timeoutMs: 600_000 }],
    ["page.waitFor", { selector: "a", timeoutMs: 0 }],
    ["chat.send", { text: "x".repeat(1_000_000) }],
  ])("%s takes what is just within its limit", (name, params) => {
    expect(parse(name, params).success).toBe(true);
  });
});

describe("the effect", () => {
  it.each([
    ["GET", "read"],
    ["HEAD", "read"],
    ["POST", "write"],
    ["PUT", "write"],
    ["PATCH", "write"],
    ["DELETE", "write"],
  ])("of a fetch by %s is %s", (method, effect) => {
    expect(effectOf("page.fetch", { url: "https://a.org", method })).toBe(effect);
  });

  it("of a fetch whose method is not known yet is to write", () => {
    expect(effectOf("page.fetch", {})).toBe("write");
  });

  it("of all others does not depend on their parameters", () => {
    for (const [name, effect] of METHODS.filter(([other]) => other !== "page.fetch")) {
      expect([name, effectOf(name, { method: "GET" })]).toEqual([name, effect]);
    }
  });
});

describe("a method's name", () => {
  it.each(["tabs.list", "page.fetch", "chat.stop"])("%s is one", (name) => {
    expect(isFirefoxMethod(name)).toBe(true);
  });
  it.each(["", "tabs", "tabs.LIST", "constructor", "__proto__", "toString", "hasOwnProperty", "tabs.list "])(
    "%j is none",
    (name) => {
      expect(isFirefoxMethod(name)).toBe(false);
    },
  );
});

describe("what a result may be", () => {
  const tab = { id: 1, windowId: 1, isAllowed: false, isActive: true, isLoading: false };
  it("a tab of a site that is not allowed has no address and no title", () => {
    expect(FIREFOX_METHODS["tabs.list"].result.safeParse({ tabs: [tab] }).success).toBe(true);
  });
  it.each<[FirefoxMethod, unknown]>([
    ["tabs.list", {}],
    ["tabs.list", { tabs: [{ ...tab, id: "1" }] }],
    ["page.text", { url: "u", title: "t" }],
    ["page.fetch", { status: 200, url: "u", headers: {}, body: "", encoding: "utf8" }],
    ["chat.send", { adapter: "a", url: "u", text: "t" }],
    ["sites.check", { sites: [{ adapter: "a", isVerified: false, site: "s", login: "maybe", missing: [] }] }],
  ])("%s is never %j", (name, value) => {
    expect(FIREFOX_METHODS[name].result.safeParse(value).success).toBe(false);
  });
});

it("each error is one sentence, under a code of words", () => {
  for (const [code, sentence] of Object.entries(FIREFOX_ERRORS)) {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(sentence).toMatch(/^[A-Z][^\n]*[^.\s]\.$/);
  }
  const sentences = Object.values(FIREFOX_ERRORS);
  expect(new Set(sentences).size).toBe(sentences.length);
});
