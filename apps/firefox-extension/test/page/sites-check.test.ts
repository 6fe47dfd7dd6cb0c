import { afterEach, expect, test, vi } from "vitest";
import { sitesCheck } from "../../src/background/methods/sites-check.ts";
import { MethodFault } from "../../src/shared/method-fault.ts";

interface OpenTab {
  readonly id: number;
  readonly url: string;
  readonly lastAccessed: number;
  /** undefined: the page cannot be asked. */
  readonly login?: "in" | "out" | "unknown";
}

afterEach(() => {
  vi.unstubAllGlobals();
});

/** What is told of the login at ChatGPT when these tabs are open. */
const check = async (tabs: readonly OpenTab[], allowed = ["chatgpt.com", "chat.openai.com"]) => {
  const asked: number[] = [];
  vi.stubGlobal("browser", {
    scripting: { executeScript: async () => [] },
    tabs: {
      query: async () => tabs,
      sendMessage: async (tabId: number) => {
        asked.push(tabId);
        const login = tabs.find(({ id }) => id === tabId)?.login;
        if (login === undefined) throw new Error("Receiving end does not exist.");
        return { kind: "end", outcome: { ok: true, value: { login, missing: login === "out" ? ["input"] : [] } } };
      },
    },
  });
  const context = {
    id: "cmd",
    signal: new AbortController().signal,
    scripted: new Set<number>(),
    emit: () => undefined,
    claimTab: async () => undefined,
    requireSite: (url: string | undefined) => {
      if (!allowed.includes(new URL(url ?? "").host)) throw new MethodFault("site_not_allowed", "no");
    },
  };
  return { ...(await sitesCheck({ adapter: "chatgpt" }, context)), asked };
};

const ABOUT = { adapter: "chatgpt", isVerified: false };
const UNKNOWN = { ...ABOUT, site: "chatgpt.com", login: "unknown", missing: [] };

test("without an open tab nothing is known", async () => {
  expect(await check([])).toEqual({ sites: [UNKNOWN], asked: [] });
});

test("the tab used last that tells something counts, for each site", async () => {
  const { sites, asked } = await check([
    { id: 1, url: "https://chatgpt.com/old", lastAccessed: 1, login: "in" },
    { id: 2, url: "https://chatgpt.com/c/1", lastAccessed: 3, login: "unknown" },
    { id: 3, url: "https://chatgpt.com/c/2", lastAccessed: 2, login: "in" },
    { id: 4, url: "https://chat.openai.com/", lastAccessed: 1, login: "out" },
    { id: 5, url: "https://elsewhere.test/", lastAccessed: 9, login: "in" },
  ]);
  expect(sites).toEqual([
    { ...ABOUT, site: "chatgpt.com", tabId: 3, login: "in", missing: [] },
    { ...ABOUT, site: "chat.openai.com", tabId: 4, login: "out", missing: ["input"] },
  ]);
  expect(asked).toEqual([2, 3, 4]);
});

test("a site that is not allowed is neither asked nor told to be open", async () => {
  const tab = { id: 1, url: "https://chatgpt.com/", lastAccessed: 1, login: "in" } as const;
  expect(await check([tab], [])).toEqual({ sites: [UNKNOWN], asked: [] });
});

test("a page that cannot be asked tells nothing", async () => {
  const tab = { id: 1, url: "https://chatgpt.com/", lastAccessed: 1 };
  expect(await check([tab])).toEqual({ sites: [UNKNOWN], asked: [1] });
});
