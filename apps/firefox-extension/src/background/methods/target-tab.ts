import { siteOf } from "@baa/contracts/firefox";
import { type MethodContext, MethodFault } from "./method.ts";

/** The tab that a method works on; its page belongs to an allowed site. */
export interface TargetTab {
  readonly tabId: number;
  readonly windowId: number;
  readonly url: string;
  readonly site: string;
}

/**
 * @param tabId without it the active tab of the window used last.
 * @throws MethodFault tab_not_found, no_site, site_not_allowed, page_error for a tab that Firefox has not loaded
 */
export const targetTab = async (tabId: number | undefined, context: MethodContext): Promise<TargetTab> => {
  const tab = tabId === undefined ? await activeTab() : await browser.tabs.get(tabId).catch(() => undefined);
  if (tab?.id === undefined) {
    throw new MethodFault("tab_not_found", tabId === undefined ? "No tab is active." : `No tab has the id ${tabId}.`);
  }
  context.requireSite(tab.url);
  const site = siteOf(tab.url ?? "");
  if (tab.url === undefined || site === undefined) throw new MethodFault("no_site", "The tab shows no web page.");
  if (tab.discarded === true) {
    throw new MethodFault("page_error", "Firefox has unloaded this tab; tabs.reload brings it back.");
  }
  return { tabId: tab.id, windowId: tab.windowId ?? -1, url: tab.url, site };
};

/** The tab still shows a page of the same site. @throws MethodFault tab_closed */
export const requireSameSite = async (target: TargetTab): Promise<void> => {
  const tab = await browser.tabs.get(target.tabId).catch(() => undefined); // closed
  if (siteOf(tab?.url ?? "") !== target.site) throw tabGone();
};

export const tabGone = (outcome: MethodFault["outcome"] = "notDone"): MethodFault =>
  new MethodFault("tab_closed", "The tab was closed, or went to another page, in the meantime.", { outcome });

const activeTab = async (): Promise<browser.tabs.Tab | undefined> => {
  const [tab] = await browser.tabs.query({ active: true, lastFocusedWindow: true });
  return tab;
};
