import * as z from "zod";
import { CliError } from "../../../errors.ts";
import type { AnyTool } from "../../tool.ts";
import { askBrowser, type BrowserCall } from "../browser.ts";
import { type BrowserTools, defineBrowserTool, READS_PAGES } from "../browser-tool.ts";
import { fenced, NOTICE } from "../untrusted.ts";
import * as input from "./inputs.ts";

/** Characters of a picture as base64; clients hold a line of the protocol in memory, and models take no more anyway. */
const PICTURE_CHARS_MAX = 6_000_000;
/** Of one waiting: the call itself must be over before its client gives it up. */
const WAIT_MS_MAX = 40_000;

interface ReadInput {
  readonly tabId?: number | undefined;
  readonly mode: "readable" | "all" | "html";
  readonly selector?: string | undefined;
}

const readPage = async (call: BrowserCall, { tabId, mode, selector }: ReadInput) => {
  const where = { ...(tabId === undefined ? {} : { tabId }), ...(selector === undefined ? {} : { selector }) };
  if (mode === "html") {
    const { html, ...page } = await askBrowser(call, "page.html", where);
    return { ...page, whole: html };
  }
  const { text, ...page } = await askBrowser(call, "page.text", { ...where, mode });
  return { ...page, whole: text };
};

const read = (shared: BrowserTools): AnyTool =>
  defineBrowserTool(shared, {
    name: "firefox_read",
    title: "Read a page",
    description:
      "The text of a page as the user sees it, logged in: the article alone (readable), all text (all), or the HTML as it is now (html). Long pages come in parts.",
    input: z.strictObject({
      browser: input.browser,
      tabId: input.tabId,
      mode: z.enum(["readable", "all", "html"]).default("readable"),
      selector: input.selector.optional().describe("Only the first element that fits"),
      ...input.part,
    }),
    output: z.looseObject({
      notice: input.notice,
      url: z.string(),
      title: z.string(),
      content: z.string(),
      chars: z.number().describe("Of the whole"),
      nextOffset: z.number().optional().describe("Where the next part begins; missing when this was the last"),
    }),
    annotations: READS_PAGES,
    run: async ({ offset, maxChars, ...args }, call) => {
      const { url, title, whole } = await readPage(call, args);
      const part = input.partOf(whole, { offset, maxChars });
      const more = part.nextOffset === undefined ? [] : [`There is more: call again with offset ${part.nextOffset}.`];
      const texts = [fenced(url, `${title}\n\n${part.content}`), ...more];
      return { value: { notice: NOTICE, url, title, ...part }, texts };
    },
  });

const screenshot = (shared: BrowserTools): AnyTool =>
  defineBrowserTool(shared, {
    name: "firefox_screenshot",
    title: "Take a picture of a page",
    description: "What the tab shows now, also of a tab in the background; with `full` the whole page.",
    input: z.strictObject({
      browser: input.browser,
      tabId: input.tabId,
      full: z.boolean().default(false),
      format: z.enum(["png", "jpeg"]).default("jpeg"),
    }),
    output: z.looseObject({ notice: input.notice, mediaType: z.string(), width: z.number(), height: z.number() }),
    annotations: READS_PAGES,
    run: async ({ tabId, full, format }, call) => {
      const params = { ...(tabId === undefined ? {} : { tabId }), full, format };
      const { data, ...facts } = await askBrowser(call, "page.screenshot", params);
      if (data.length > PICTURE_CHARS_MAX) {
        throw new CliError("failed", "too_large", `The picture has ${data.length} characters of base64.`, {
          next: "Leave `full` out, or take format jpeg.",
        });
      }
      return {
        value: { notice: NOTICE, ...facts },
        texts: [`${NOTICE} ${JSON.stringify(facts)}`],
        blocks: [{ type: "image", data, mimeType: facts.mediaType }],
      };
    },
  });

const wait = (shared: BrowserTools): AnyTool =>
  defineBrowserTool(shared, {
    name: "firefox_wait",
    title: "Wait for an element",
    description: "Returns when an element is there (attached), can be seen (visible), or is gone (hidden).",
    input: z.strictObject({
      browser: input.browser,
      tabId: input.tabId,
      selector: input.selector,
      state: z.enum(["attached", "visible", "hidden"]).default("visible"),
      timeoutMs: z.number().int().min(0).max(WAIT_MS_MAX).default(20_000),
    }),
    output: z.looseObject({ waitedMs: z.number() }),
    annotations: READS_PAGES,
    run: async ({ tabId, selector, state, timeoutMs }, call) => {
      const params = { ...(tabId === undefined ? {} : { tabId }), selector, state, timeoutMs };
      return { value: await askBrowser(call, "page.waitFor", params) };
    },
  });

export const pageTools = (shared: BrowserTools): readonly AnyTool[] => [read(shared), screenshot(shared), wait(shared)];
