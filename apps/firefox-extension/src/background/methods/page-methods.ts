import { chatSend, chatStop } from "./chat.ts";
import { pageFetch } from "./fetch.ts";
import { pageClick, pageHtml, pageInfo, pageText, pageType, pageWaitFor } from "./page.ts";
import { pageScreenshot } from "./screenshot.ts";
import { sitesCheck } from "./sites-check.ts";

/** The methods that work on pages. `chat.send` alone ends in the page. */
export const PAGE_METHODS = {
  "page.info": pageInfo,
  "page.text": pageText,
  "page.html": pageHtml,
  "page.screenshot": pageScreenshot,
  "page.waitFor": pageWaitFor,
  "page.click": pageClick,
  "page.type": pageType,
  "page.fetch": pageFetch,
  "chat.send": chatSend,
  "chat.stop": chatStop,
  "sites.check": sitesCheck,
} as const;
