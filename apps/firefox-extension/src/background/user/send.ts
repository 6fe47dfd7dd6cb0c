import type { FirefoxResult } from "@baa/contracts/firefox";
import type { Run } from "../commands/commands.ts";
import { randomHex } from "../storage.ts";
import type { UserEvent } from "./user-events.ts";

/** How long a page may take to say what it shows. */
const READ_MS = 10_000;

type Sent = Omit<UserEvent, "t" | "id" | "at">;

/** What a tab shows, for its user, who may send any page. @throws MethodFault when it tells nothing */
export const readPage = async (tab: browser.tabs.Tab, run: Run): Promise<Sent> => {
  const context = {
    id: `own_${randomHex()}`,
    signal: AbortSignal.timeout(READ_MS),
    emit: () => undefined,
    requireSite: () => undefined,
    claimTab: () => Promise.resolve(),
  };
  const page = await run("page.text", { tabId: tab.id, mode: "readable" }, context);
  const { url, title, text } = page as FirefoxResult<"page.text">;
  return { kind: "page", url, title, text };
};

/** What is selected in a tab, in whatever frame. @returns undefined when nothing is. @throws when the tab takes no script */
export const readSelection = async (tab: browser.tabs.Tab, fallback = ""): Promise<Sent | undefined> => {
  const results = await browser.scripting.executeScript({
    target: { tabId: tab.id ?? -1, allFrames: true },
    func: selectedText,
  });
  const texts = results.map(({ result }) => (typeof result === "string" ? result : ""));
  const text = texts.find((one) => one !== "") ?? fallback;
  return text === "" ? undefined : { kind: "selection", url: tab.url ?? "", title: tab.title ?? "", text };
};

/** Runs in the page. A field's selection is no part of the document's. */
const selectedText = (): string => {
  const field = document.activeElement;
  if (field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement) {
    const text = field.value.slice(field.selectionStart ?? 0, field.selectionEnd ?? 0);
    if (text !== "") return text;
  }
  return document.getSelection()?.toString() ?? "";
};
