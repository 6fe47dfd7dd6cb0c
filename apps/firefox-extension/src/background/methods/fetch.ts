import type { FirefoxParams, FirefoxResult } from "@baa/contracts/firefox";
import { fetchAll } from "../../shared/fetch-all.ts";
import { askPage } from "./ask-page.ts";
import { type MethodContext, MethodFault } from "./method.ts";
import { targetTab } from "./target-tab.ts";

/**
 * Fetches with the session of the browser. Allowed must be the site of the address, the one where redirects ended and,
 * by way of a page, the page's own.
 * @throws MethodFault fetch_failed, too_large, cancelled and those of targetTab and callPage
 */
export const pageFetch = async (
  params: FirefoxParams<"page.fetch">,
  context: MethodContext,
): Promise<FirefoxResult<"page.fetch">> => {
  context.requireSite(params.url);
  const answer =
    params.via === "background"
      ? await fetchAll((url, init) => fetch(url, init), params, context.signal)
      : await askPage<FirefoxResult<"page.fetch">>(
          await targetTab(params.tabId, context),
          { method: "page.fetch", params },
          context,
        );
  requireAnswerSite(answer.url, params, context);
  return answer;
};

/** What a site that is not allowed said must not leave the browser, even when an allowed one led there. */
const requireAnswerSite = (url: string, params: FirefoxParams<"page.fetch">, context: MethodContext): void => {
  try {
    context.requireSite(url);
  } catch (error) {
    if (!(error instanceof MethodFault) || params.method === "GET" || params.method === "HEAD") throw error;
    throw new MethodFault(error.code, `Sent, but the answer came from elsewhere. ${error.message}`, {
      outcome: "done",
      ...(error.site === undefined ? {} : { site: error.site }),
    });
  }
};
