import * as z from "zod";
import type { AnyTool } from "../../tool.ts";
import { askBrowser } from "../browser.ts";
import { ACTS_ON_PAGES, type BrowserTools, defineBrowserTool } from "../browser-tool.ts";
import { fenced, NOTICE } from "../untrusted.ts";
import * as input from "./inputs.ts";

const HTTP_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;

const fetchTool = (shared: BrowserTools): AnyTool =>
  defineBrowserTool(shared, {
    name: "firefox_fetch",
    title: "Send a request with a page's session",
    description:
      "As the page of the tab would: with its cookies, its Origin and under its own policy (via page), or with the cookies alone (via background). It acts as the user: ask them before anything that changes something.",
    input: z.strictObject({
      browser: input.browser,
      tabId: input.tabId,
      url: input.url,
      method: z.enum(HTTP_METHODS).default("GET"),
      headers: z.record(z.string(), z.string()).default({}),
      body: z.string().max(1_000_000).optional(),
      via: z.enum(["page", "background"]).default("page"),
      ...input.part,
    }),
    output: z.looseObject({
      notice: input.notice,
      status: z.number(),
      url: z.string(),
      headers: z.record(z.string(), z.string()),
      content: z.string().describe("The body"),
      encoding: z.enum(["text", "base64"]),
      chars: z.number(),
      nextOffset: z.number().optional().describe("A part of the body is missing; a GET may be asked again from here"),
    }),
    annotations: ACTS_ON_PAGES,
    run: async ({ tabId, offset, maxChars, url, method, headers, body, via }, call) => {
      const which = tabId === undefined ? {} : { tabId };
      const what = { url, method, headers, via, ...(body === undefined ? {} : { body }) };
      const { body: whole, ...reply } = await askBrowser(call, "page.fetch", { ...which, ...what });
      const part = input.partOf(whole, { offset, maxChars });
      const { content, ...about } = part;
      return {
        value: { notice: NOTICE, ...reply, ...part },
        texts: [fenced(reply.url, content), `${NOTICE} ${JSON.stringify({ ...reply, ...about })}`],
      };
    },
  });

const click = (shared: BrowserTools): AnyTool =>
  defineBrowserTool(shared, {
    name: "firefox_click",
    title: "Click an element",
    description:
      "Clicks as the user would. It acts as them: ask them before you buy, send, delete or agree to something.",
    input: z.strictObject({ browser: input.browser, tabId: input.tabId, selector: input.selector }),
    output: z.looseObject({ notice: input.notice, url: z.string().describe("What the tab shows then") }),
    annotations: ACTS_ON_PAGES,
    run: async ({ tabId, selector }, call) => {
      const { url } = await askBrowser(call, "page.click", { ...(tabId === undefined ? {} : { tabId }), selector });
      return { value: { notice: NOTICE, url } };
    },
  });

const type = (shared: BrowserTools): AnyTool =>
  defineBrowserTool(shared, {
    name: "firefox_type",
    title: "Type into a field",
    description: "Replaces what the field holds, unless `append`. `submit` sends its form, or presses Enter.",
    input: z.strictObject({
      browser: input.browser,
      tabId: input.tabId,
      selector: input.selector,
      text: z.string().max(1_000_000),
      append: z.boolean().default(false),
      submit: z.boolean().default(false),
    }),
    output: z.looseObject({ notice: input.notice, value: z.string().describe("What the field holds then") }),
    annotations: ACTS_ON_PAGES,
    run: async ({ tabId, selector, text, append, submit }, call) => {
      const params = { ...(tabId === undefined ? {} : { tabId }), selector, text, append, submit };
      const { value } = await askBrowser(call, "page.type", params);
      return { value: { notice: NOTICE, value } };
    },
  });

export const actTools = (shared: BrowserTools): readonly AnyTool[] => [fetchTool(shared), click(shared), type(shared)];
