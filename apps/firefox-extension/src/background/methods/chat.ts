import type { FirefoxResult, SiteAdapter } from "@baa/contracts/firefox";
import { adapterFor } from "../../sites/adapters.ts";
import { askPage, callPage } from "./ask-page.ts";
import { IN_PAGE, type InPageRunner, MethodFault, type MethodRunner } from "./method.ts";
import { targetTab } from "./target-tab.ts";

/**
 * Hands a prompt to the page, which sends it, streams the answer and tells the end by messages of its own, whatever
 * becomes of this background.
 * @throws MethodFault why nothing was sent, and those of targetTab and callPage
 */
export const chatSend: InPageRunner<"chat.send"> = async (params, context) => {
  const tab = await targetTab(params.tabId, context);
  const adapter = requireAdapter(tab.site);
  await context.claimTab(tab.tabId);
  const reply = await callPage(tab, { method: "chat.send", params, adapter }, context);
  if (reply.kind === "end" && !reply.outcome.ok) throw MethodFault.fromError(reply.outcome.error);
  return IN_PAGE;
};

/** Presses the page's stop button. @throws MethodFault adapter_mark and those of targetTab and callPage */
export const chatStop: MethodRunner<"chat.stop"> = async (params, context) => {
  const tab = await targetTab(params.tabId, context);
  const adapter = requireAdapter(tab.site);
  return askPage<FirefoxResult<"chat.stop">>(tab, { method: "chat.stop", params, adapter }, context);
};

const requireAdapter = (site: string): SiteAdapter => {
  const adapter = adapterFor(site);
  if (adapter === undefined) throw new MethodFault("no_adapter", `No site adapter fits ${site}.`, { site });
  return adapter;
};
