import { expect, it } from "vitest";
import { SiteAdapter } from "../../src/firefox/index.ts";

const least = { name: "generic", title: "Any", verified: false, sites: [], input: ["textarea"], answer: [".answer"] };

it("the least adapter names an editor and its answers; without a mark of being busy, two seconds of quiet are an end", () => {
  expect(SiteAdapter.parse(least)).toEqual({ ...least, settleMs: 2000 });
});

it("a whole one is taken as it is", () => {
  const whole = {
    ...least,
    name: "chat-gpt2",
    verified: "2026-01-01",
    sites: ["chatgpt.com", "*.openai.com", "127.0.0.1:8080"],
    newChatUrl: "https://chatgpt.com/",
    send: ["#send", "[data-send]"],
    busy: [".busy"],
    stop: ["#stop"],
    loggedIn: ["#me"],
    loggedOut: ["#log-in"],
    settleMs: 100,
  };
  expect(SiteAdapter.parse(whole)).toEqual(whole);
});

it.each([
  ["no name", { name: undefined }],
  ["a name with capitals", { name: "ChatGPT" }],
  ["a name that begins with a digit", { name: "4chat" }],
  ["a name that is too long", { name: `a${"b".repeat(32)}` }],
  ["a name that would be a path", { name: "../a" }],
  ["no title", { title: undefined }],
  ["`verified` without a date", { verified: true }],
  ["an address for a site", { sites: ["https://chatgpt.com"] }],
  ["no editor", { input: undefined }],
  ["no mark of an editor", { input: [] }],
  ["an empty mark", { input: [""] }],
  ["no answers", { answer: undefined }],
  ["a mark that is no list", { stop: "#stop" }],
  ["an empty list of marks", { busy: [] }],
  ["a time that is too short", { settleMs: 99 }],
  ["a time that is too long", { settleMs: 60_001 }],
  ["a mark that is not known", { copy: ["#copy"] }],
])("%s is refused", (_what, change) => {
  expect(SiteAdapter.safeParse({ ...least, ...change }).success).toBe(false);
});
