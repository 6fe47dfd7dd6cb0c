import { afterEach, expect, test, vi } from "vitest";
import { Sites } from "../../src/background/sites.ts";
import { tabView } from "../../src/background/tabs/tab-view.ts";

afterEach(() => void vi.useRealTimers());

const rules = [
  { site: "shop.test", access: "allowed" },
  { site: "*.bank.test", access: "denied" },
  { site: "new.test", access: "asked" },
] as const;

const tab = (url: string | undefined, title = "Secret") => ({
  id: 5,
  windowId: 1,
  index: 0,
  highlighted: false,
  pinned: false,
  incognito: false,
  active: true,
  status: "complete",
  title,
  ...(url === undefined ? {} : { url }),
});

test("only what is allowed may be touched; the fault names the site", () => {
  const sites = new Sites();
  sites.set(rules);
  expect(() => sites.require("https://shop.test/a")).not.toThrow();
  const codes = [
    "https://my.bank.test/",
    "https://new.test/",
    "https://shop.test:8443/",
    "about:config",
    undefined,
  ].map((url) => {
    try {
      sites.require(url);
      return "allowed";
    } catch (error) {
      const { code, site } = error as { code: string; site?: string };
      return [code, site];
    }
  });
  expect(codes).toEqual([
    ["site_not_allowed", "my.bank.test"],
    ["site_not_allowed", "new.test"],
    ["site_not_allowed", "shop.test:8443"],
    ["no_site", undefined],
    ["no_site", undefined],
  ]);
});

test("a tab of a site that is not allowed is told without address and title", () => {
  const shared = { id: 5, windowId: 1, isActive: true, isLoading: false };
  expect(tabView(tab("https://shop.test/a?token=1"), rules)).toEqual({
    ...shared,
    site: "shop.test",
    isAllowed: true,
    url: "https://shop.test/a?token=1",
    title: "Secret",
  });
  expect(tabView(tab("https://my.bank.test/a?token=1"), rules)).toEqual({
    ...shared,
    site: "my.bank.test",
    isAllowed: false,
  });
  expect(tabView(tab("moz-extension://abc/page.html"), rules)).toEqual({ ...shared, isAllowed: false });
  expect(tabView(tab(undefined), rules)).toEqual({ ...shared, isAllowed: false });
});

test("a page cannot make the list of tabs long", () => {
  const view = tabView(tab(`https://shop.test/${"a".repeat(100_000)}`, "t".repeat(100_000)), rules);
  expect([view.url?.length, view.title?.length]).toEqual([8192, 1024]);
});

test("whoever changes a rule hears when conductor has taken it, or that it did not say so", async () => {
  vi.useFakeTimers();
  const sites = new Sites();
  const taken = sites.told(1_000);
  sites.set(rules);
  expect(await taken).toBe(true);
  const silent = sites.told(1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await silent).toBe(false);
});
