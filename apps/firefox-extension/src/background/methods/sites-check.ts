import { type SiteAdapter, type SiteLogin, siteOf } from "@baa/contracts/firefox";
import { isSiteOf, SITE_ADAPTERS } from "../../sites/adapters.ts";
import { askPage } from "./ask-page.ts";
import { type MethodContext, MethodFault, type MethodRunner } from "./method.ts";
import type { TargetTab } from "./target-tab.ts";

/** What a page says of an adapter's marks. */
type PageLogin = Pick<SiteLogin, "login" | "missing">;

/**
 * For each adapter that names sites: whether the user is logged in there, by the open tabs. A site that is not allowed
 * counts as not open.
 * @throws MethodFault no_adapter
 */
export const sitesCheck: MethodRunner<"sites.check"> = async (params, context) => {
  const adapters = SITE_ADAPTERS.filter(
    ({ name, sites }) => sites.length > 0 && (params.adapter === undefined || name === params.adapter),
  );
  if (params.adapter !== undefined && adapters.length === 0) {
    throw new MethodFault("no_adapter", `No adapter that names sites is called ${params.adapter}.`);
  }
  const tabs = await openTabs(context);
  const logins = await Promise.all(adapters.map((adapter) => loginsOf(adapter, tabs, context)));
  return { sites: logins.flat() };
};

/** One for each of its sites that is open, the most telling tab of it; without any, that nothing is known. */
const loginsOf = async (
  adapter: SiteAdapter,
  tabs: readonly TargetTab[],
  context: MethodContext,
): Promise<SiteLogin[]> => {
  const about = { adapter: adapter.name, isVerified: adapter.verified !== false };
  const found = new Map<string, SiteLogin>();
  for (const tab of tabs.filter(({ site }) => isSiteOf(adapter, site))) {
    if ((found.get(tab.site)?.login ?? "unknown") !== "unknown") continue;
    const page = await askLogin(tab, adapter, context);
    if (page !== undefined) found.set(tab.site, { ...about, site: tab.site, tabId: tab.tabId, ...page });
  }
  const site = adapter.sites[0] ?? "";
  return found.size > 0 ? [...found.values()] : [{ ...about, site, login: "unknown", missing: [] }];
};

const askLogin = async (
  tab: TargetTab,
  adapter: SiteAdapter,
  context: MethodContext,
): Promise<PageLogin | undefined> => {
  try {
    const id = `${context.id}/${tab.tabId}`;
    return await askPage<PageLogin>(tab, { method: "sites.check", params: {}, adapter, id }, context);
  } catch (error) {
    if (error instanceof MethodFault && error.code !== "cancelled") return undefined; // gone, or it takes no script
    throw error;
  }
};

/** Loaded tabs of allowed sites, the one used last first. */
const openTabs = async (context: MethodContext): Promise<TargetTab[]> => {
  const tabs = await browser.tabs.query({ discarded: false });
  return tabs
    .toSorted((a, b) => (b.lastAccessed ?? 0) - (a.lastAccessed ?? 0))
    .flatMap((tab) => {
      const site = siteOf(tab.url ?? "");
      if (tab.id === undefined || tab.url === undefined || site === undefined) return [];
      if (!isAllowed(tab.url, context)) return [];
      return [{ tabId: tab.id, windowId: tab.windowId ?? -1, url: tab.url, site }];
    });
};

const isAllowed = (url: string, context: MethodContext): boolean => {
  try {
    context.requireSite(url);
    return true;
  } catch (error) {
    if (error instanceof MethodFault) return false;
    throw error;
  }
};
