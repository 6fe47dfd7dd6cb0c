import { accessOf, type SiteRule, siteOf, type Tab } from "@baa/contracts/firefox";

/** A page can make its title and its address as long as it likes. */
const TITLE_CHARS = 1024;
const URL_CHARS = 8192;

/** What conductor is told of a tab: of a site that is not allowed no address and no title. */
export const tabView = (tab: browser.tabs.Tab, rules: readonly SiteRule[]): Tab => {
  const site = siteOf(tab.url ?? "");
  const isAllowed = site !== undefined && accessOf(rules, site) === "allowed";
  return {
    id: tab.id ?? -1,
    windowId: tab.windowId ?? -1,
    ...(site === undefined ? {} : { site }),
    isAllowed,
    ...(isAllowed ? { url: tab.url?.slice(0, URL_CHARS), title: tab.title?.slice(0, TITLE_CHARS) } : {}),
    isActive: tab.active,
    isLoading: tab.status === "loading",
  };
};
