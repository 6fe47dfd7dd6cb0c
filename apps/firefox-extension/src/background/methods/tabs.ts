import type { FirefoxParams, FirefoxResult, SiteRule } from "@baa/contracts/firefox";
import { tabView } from "../tabs/tab-view.ts";
import { waitForTab } from "../tabs/tab-wait.ts";
import { type MethodContext, MethodFault, type MethodRunner } from "./method.ts";

/** A page that still loads after so long is answered for as it is. */
const LOAD_MS = 10_000;

/** The methods about tabs themselves. `rules`: as conductor told them last. */
export class TabMethods {
  readonly #rules: () => readonly SiteRule[];

  constructor(rules: () => readonly SiteRule[]) {
    this.#rules = rules;
  }

  readonly list: MethodRunner<"tabs.list"> = async () => {
    const tabs = await browser.tabs.query({});
    return { tabs: tabs.map((tab) => tabView(tab, this.#rules())) };
  };

  /** Answers when the page is loaded. */
  readonly open: MethodRunner<"tabs.open"> = async ({ url, active }, context) => {
    context.requireSite(url);
    const { id: tabId } = await browser.tabs.create({ url, active });
    if (tabId === undefined) throw new MethodFault("internal", "Firefox opened a tab without an id.");
    const { signal } = context;
    // A new tab shows an empty page first.
    await waitForTab({ tabId, signal, until: (_, tab) => tab.url !== "about:blank" });
    await waitForTab({ tabId, signal, atMostMs: LOAD_MS, until: (_, tab) => tab.status === "complete" });
    return this.#tell(tabId);
  };

  readonly focus: MethodRunner<"tabs.focus"> = async ({ tabId }, context) => {
    await requireTab(tabId, context);
    const { windowId } = await browser.tabs.update(tabId, { active: true });
    if (windowId !== undefined) await browser.windows.update(windowId, { focused: true });
    return this.#tell(tabId);
  };

  readonly close: MethodRunner<"tabs.close"> = async ({ tabId }, context) => {
    await requireTab(tabId, context);
    await browser.tabs.remove(tabId);
    return {};
  };

  readonly reload: MethodRunner<"tabs.reload"> = async ({ tabId }, context) => {
    await requireTab(tabId, context);
    let hasBegun = false;
    const isLoaded = waitForTab({
      tabId,
      signal: context.signal,
      atMostMs: LOAD_MS,
      until: ({ status }) => {
        hasBegun ||= status === "loading";
        return hasBegun && status === "complete";
      },
    });
    await Promise.all([isLoaded, browser.tabs.reload(tabId)]);
    return this.#tell(tabId);
  };

  async #tell(tabId: number): Promise<FirefoxResult<"tabs.open">> {
    const tab = await browser.tabs.get(tabId).catch(() => undefined); // closed
    if (tab === undefined) throw new MethodFault("tab_closed", "The tab was closed.", { outcome: "done" });
    return { tab: tabView(tab, this.#rules()) };
  }
}

/** @throws MethodFault tab_not_found, no_site, site_not_allowed */
const requireTab = async (tabId: FirefoxParams<"tabs.focus">["tabId"], context: MethodContext): Promise<void> => {
  const tab = await browser.tabs.get(tabId).catch(() => undefined); // closed
  if (tab === undefined) throw new MethodFault("tab_not_found", `No tab has the id ${tabId}.`);
  context.requireSite(tab.url);
};
