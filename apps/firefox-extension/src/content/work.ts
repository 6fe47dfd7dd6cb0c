import type { FirefoxMethod, FirefoxParams, FirefoxResult } from "@baa/contracts/firefox";
import { fetchAll } from "../shared/fetch-all.ts";
import { MethodFault } from "../shared/method-fault.ts";
import type { ToPage } from "../shared/page-messages.ts";
import type { ChatDesk } from "./chat/chat-desk.ts";
import { loginState } from "./chat/login-state.ts";
import { clickElement } from "./click.ts";
import { findElement } from "./find-element.ts";
import { pageFetch } from "./page-fetch.ts";
import { readableText } from "./readable-text.ts";
import { typeInto } from "./type-into.ts";
import { waitForElement } from "./wait-for.ts";

export type CallMessage = Extract<ToPage, { kind: "call" }>;
/** What the page says; the tab is the background's to add. */
type PageInfo = Omit<FirefoxResult<"page.info">, "tabId">;

/** Does what ends with its reply. Parameters were parsed by the background. @throws MethodFault */
export const work = async (call: CallMessage, chats: ChatDesk, signal: AbortSignal): Promise<unknown> => {
  switch (call.method) {
    case "page.info":
      return info();
    case "page.text":
      return text(paramsOf<"page.text">(call));
    case "page.html":
      return html(paramsOf<"page.html">(call));
    case "page.waitFor":
      return waitForElement(paramsOf<"page.waitFor">(call), signal);
    case "page.click":
      clickElement(findElement(paramsOf<"page.click">(call).selector));
      return { url: location.href };
    case "page.type":
      return { value: await typeInto(paramsOf<"page.type">(call)) };
    case "page.fetch":
      return fetchAll(pageFetch, paramsOf<"page.fetch">(call), signal);
    case "chat.stop":
      return chats.stop(requireAdapter(call));
    case "sites.check":
      return loginState(requireAdapter(call));
    default:
      throw new MethodFault("unsupported", `No page does ${call.method}.`);
  }
};

const paramsOf = <M extends FirefoxMethod>(call: CallMessage) => call.params as FirefoxParams<M>;

/** @throws MethodFault internal: the background sends it with every call that needs it */
export const requireAdapter = (call: CallMessage) => {
  if (call.adapter === undefined) throw new MethodFault("internal", `${call.method} came without a site adapter.`);
  return call.adapter;
};

const info = (): PageInfo => ({
  url: location.href,
  title: document.title,
  readyState: document.readyState,
  language: document.documentElement?.lang || "",
});

const text = ({ mode, selector }: FirefoxParams<"page.text">): FirefoxResult<"page.text"> => {
  const shown =
    selector !== undefined
      ? findElement(selector).innerText
      : mode === "readable"
        ? readableText(document)
        : document.body?.innerText;
  return { url: location.href, title: document.title, text: shown ?? "" };
};

const html = ({ selector }: FirefoxParams<"page.html">): FirefoxResult<"page.html"> => {
  const element = selector === undefined ? document.documentElement : findElement(selector);
  const doctype =
    selector === undefined && document.doctype !== null ? new XMLSerializer().serializeToString(document.doctype) : "";
  return { url: location.href, title: document.title, html: doctype + (element?.outerHTML ?? "") };
};
