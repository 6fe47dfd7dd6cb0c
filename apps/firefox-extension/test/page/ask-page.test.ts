import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { askPage, callPage, injectScript } from "../../src/background/methods/ask-page.ts";
import type { MethodContext } from "../../src/background/methods/method.ts";
import { requireSameSite, targetTab } from "../../src/background/methods/target-tab.ts";
import { MethodFault } from "../../src/shared/method-fault.ts";
import type { ToPage } from "../../src/shared/page-messages.ts";

const TAB = { tabId: 7, windowId: 1, url: "https://a.test/page", site: "a.test" };
const READ = { method: "page.text", params: { mode: "all" } } as const;
const WRITE = { method: "page.click", params: { selector: "#x" } } as const;

const sent: ToPage[] = [];
let injections: number;
let page: (message: ToPage) => unknown;
let isThere: () => boolean;
let inject: () => unknown;
let tabs: Record<string, unknown>[];
let abort: AbortController;
let context: MethodContext;

beforeEach(() => {
  sent.length = 0;
  injections = 0;
  page = () => ({ kind: "end", outcome: { ok: true, value: "done" } });
  isThere = () => true;
  inject = () => [];
  tabs = [{ id: 7, windowId: 1, url: TAB.url, active: true }];
  abort = new AbortController();
  context = {
    id: "cmd",
    signal: abort.signal,
    scripted: new Set(),
    emit: () => undefined,
    claimTab: async () => undefined,
    requireSite: (url) => {
      if (url?.startsWith("https://a.test/") !== true) throw new MethodFault("site_not_allowed", "not this one");
    },
  };
  vi.stubGlobal("browser", {
    scripting: {
      executeScript: async () => {
        injections += 1;
        return inject();
      },
    },
    tabs: {
      sendMessage: async (_tabId: number, message: ToPage) => {
        if (message.kind === "ping") return pong();
        sent.push(message);
        return message.kind === "cancel" ? undefined : page(message);
      },
      get: async (id: number) => {
        const tab = tabs.find((one) => one["id"] === id);
        if (tab === undefined) throw new Error(`Invalid tab ID: ${id}`);
        return tab;
      },
      query: async () => tabs.filter((tab) => tab["active"] === true),
    },
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const pong = () => (isThere() ? { kind: "working" } : throwing(NOBODY)());

const throwing = (message: string) => () => {
  throw new Error(message);
};

test("a page is told for which site it was allowed", async () => {
  expect(await askPage(TAB, WRITE, context)).toBe("done");
  expect(sent).toEqual([{ kind: "call", id: "cmd", site: "a.test", ...WRITE }]);
});

const NOBODY = "Could not establish connection. Receiving end does not exist.";

test("a page that has the script is asked at once; one that came in its place gets it first", async () => {
  await askPage(TAB, READ, context);
  await askPage(TAB, READ, context);
  expect([injections, sent.length, [...context.scripted]]).toEqual([1, 2, [7]]);
  page = () => (injections === 1 ? throwing(NOBODY)() : { kind: "end", outcome: { ok: true, value: "of the other" } });
  expect(await askPage(TAB, READ, context)).toBe("of the other");
  expect([injections, sent.length]).toEqual([2, 4]);
});

test("a write is told to no page but one that has just answered", async () => {
  await askPage(TAB, READ, context);
  isThere = () => injections === 2;
  expect(await askPage(TAB, WRITE, context)).toBe("done");
  expect([injections, sent.length]).toEqual([2, 2]);
});

test("a page that goes away while it does a write: nobody knows, and no other page is told to do it", async () => {
  await askPage(TAB, READ, context);
  page = throwing(NOBODY); // Firefox's words for that, too
  await expect(askPage(TAB, WRITE, context)).rejects.toMatchObject({ code: "tab_closed", outcome: "unknown" });
  expect([injections, sent.length]).toEqual([1, 2]);
});

test("a permission that was taken back counts for a page that has the script, too", async () => {
  await askPage(TAB, READ, context);
  context.scripted.clear(); // as the background does then
  inject = throwing("Missing host permission for the tab");
  await expect(askPage(TAB, WRITE, context)).rejects.toMatchObject({ code: "permission_missing", outcome: "notDone" });
  await expect(askPage(TAB, WRITE, context)).rejects.toMatchObject({ code: "permission_missing", outcome: "notDone" });
  expect(sent).toHaveLength(1);
});

test("a permission that is taken back while a script comes into a page is asked for at the next call", async () => {
  inject = () => context.scripted.clear();
  await askPage(TAB, READ, context);
  inject = throwing("Missing host permission for the tab");
  await expect(askPage(TAB, READ, context)).rejects.toMatchObject({ code: "permission_missing" });
});

test("what a page says went wrong is what is thrown", async () => {
  const error = { code: "selector_not_found", message: "Nothing", outcome: "notDone" };
  page = () => ({ kind: "end", outcome: { ok: false, error } });
  await expect(askPage(TAB, WRITE, context)).rejects.toMatchObject(error);
});

test.each([
  ["a page that was never there", throwing(NOBODY), "notDone"],
  ["a page that went away before its reply", throwing("Actor 'Conduits' destroyed"), "unknown"],
  ["a page that went away without a word", () => undefined, "unknown"],
])("%s: a write says what is known of it, a read has not been done", async (_, reply, outcome) => {
  page = reply;
  isThere = () => outcome !== "notDone";
  await expect(askPage(TAB, WRITE, context)).rejects.toMatchObject({ code: "tab_closed", outcome });
  await expect(askPage(TAB, READ, context)).rejects.toMatchObject({ code: "tab_closed", outcome: "notDone" });
});

test.each([
  ["Missing host permission for the tab", "permission_missing"],
  ["Invalid tab ID: 7", "tab_not_found"],
  ["Something else", "page_error"],
])("no script comes into the page: %s", async (message, code) => {
  inject = throwing(message);
  await expect(injectScript(7)).rejects.toMatchObject({ code, outcome: "notDone" });
});

test("an abort is told to the page, whose word counts", async () => {
  let end: (reply: unknown) => void = () => undefined;
  page = () => new Promise((resolve) => (end = resolve));
  const calling = callPage(TAB, WRITE, context);
  await vi.waitFor(() => expect(sent).toHaveLength(1));
  abort.abort();
  expect(sent[1]).toEqual({ kind: "cancel", id: "cmd" });
  end({ kind: "end", outcome: { ok: true, value: "done all the same" } });
  expect(await calling).toMatchObject({ outcome: { ok: true } });
});

test("a page that says nothing after an abort: nobody knows what a write did", async () => {
  vi.useFakeTimers();
  page = () => new Promise(() => undefined);
  const writing = callPage(TAB, WRITE, context).catch((error: unknown) => error);
  const reading = callPage(TAB, READ, context).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(0);
  abort.abort();
  await vi.advanceTimersByTimeAsync(3_000);
  expect(await writing).toMatchObject({ code: "cancelled", outcome: "unknown" });
  expect(await reading).toMatchObject({ code: "cancelled", outcome: "notDone" });
});

test("nothing is asked after an abort", async () => {
  abort.abort();
  await expect(callPage(TAB, WRITE, context)).rejects.toMatchObject({ code: "cancelled", outcome: "notDone" });
  expect(sent).toEqual([]);
});

test("the tab that is meant: by its id, or the active one; of an allowed site, and loaded", async () => {
  expect(await targetTab(undefined, context)).toEqual(TAB);
  expect(await targetTab(7, context)).toEqual(TAB);
  await expect(targetTab(8, context)).rejects.toMatchObject({ code: "tab_not_found" });
  tabs = [{ id: 9, url: "https://b.test/", active: true }];
  await expect(targetTab(undefined, context)).rejects.toMatchObject({ code: "site_not_allowed" });
  tabs = [{ id: 9, url: TAB.url, active: true, discarded: true }];
  await expect(targetTab(9, context)).rejects.toMatchObject({ code: "page_error" });
  tabs = [];
  await expect(targetTab(undefined, context)).rejects.toMatchObject({ code: "tab_not_found" });
});

test("a tab that shows another site by now, or none, is gone", async () => {
  tabs = [{ id: 7, url: "https://a.test/other" }];
  await expect(requireSameSite(TAB)).resolves.toBeUndefined();
  tabs = [{ id: 7, url: "https://b.test/" }];
  await expect(requireSameSite(TAB)).rejects.toMatchObject({ code: "tab_closed", outcome: "notDone" });
  tabs = [];
  await expect(requireSameSite(TAB)).rejects.toMatchObject({ code: "tab_closed" });
});
