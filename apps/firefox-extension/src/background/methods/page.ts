import type { FirefoxMethod, FirefoxParams, FirefoxResult } from "@baa/contracts/firefox";
import { askPage } from "./ask-page.ts";
import type { MethodContext, MethodRunner } from "./method.ts";
import { targetTab } from "./target-tab.ts";

/** What the content script does and ends with its reply. */
type PageMethod = "page.info" | "page.text" | "page.html" | "page.waitFor" | "page.click" | "page.type";

/** Asks the page of the tab. @throws MethodFault as the page says, and those of targetTab and callPage */
const inTab =
  <M extends PageMethod>(method: M): MethodRunner<M> =>
  async (params, context) => {
    const tab = await targetTab(params.tabId, context);
    return askPage<FirefoxResult<M>>(tab, { method, params }, context);
  };

export const pageText = inTab("page.text");
export const pageHtml = inTab("page.html");
export const pageWaitFor = inTab("page.waitFor");
export const pageClick = inTab("page.click");
export const pageType = inTab("page.type");

/** The page does not know its tab. */
export const pageInfo = async (
  params: FirefoxParams<"page.info">,
  context: MethodContext,
): Promise<FirefoxResult<"page.info">> => {
  const tab = await targetTab(params.tabId, context);
  const method: FirefoxMethod = "page.info";
  const info = await askPage<Omit<FirefoxResult<"page.info">, "tabId">>(tab, { method, params }, context);
  return { tabId: tab.tabId, ...info };
};
