import { FirefoxSite, FirefoxTab } from "@baa/contracts";
import * as z from "zod";
import { made } from "../../made.ts";
import { type AnyTool, READS } from "../../tool.ts";
import { askBrowser, nameOf } from "../browser.ts";
import { ADDS, type BrowserTools, defineBrowserTool, READS_PAGES } from "../browser-tool.ts";
import { NOTICE } from "../untrusted.ts";
import * as input from "./inputs.ts";

const tabs = (shared: BrowserTools): AnyTool =>
  defineBrowserTool(shared, {
    name: "firefox_tabs",
    title: "List the tabs of Firefox",
    description:
      "The tabs of the browser. Of a site that is not allowed only the site is told, no address and no title.",
    input: z.strictObject({ browser: input.browser }),
    output: z.looseObject({ notice: input.notice, browser: z.string(), tabs: z.array(made(FirefoxTab)) }),
    annotations: READS_PAGES,
    run: async (_args, call) => {
      const { tabs: found } = await askBrowser(call, "tabs.list", {});
      return { value: { notice: NOTICE, browser: nameOf(call), tabs: found } };
    },
  });

const open = (shared: BrowserTools): AnyTool =>
  defineBrowserTool(shared, {
    name: "firefox_open",
    title: "Open a tab in Firefox",
    description: "Opens an address in a new tab and returns the tab, when it is loaded.",
    input: z.strictObject({
      browser: input.browser,
      url: input.url,
      active: z.boolean().default(false).describe("Bring it to the front"),
    }),
    output: z.looseObject({ notice: input.notice, tab: made(FirefoxTab) }),
    annotations: ADDS,
    run: async ({ url, active }, call) => {
      const { tab } = await askBrowser(call, "tabs.open", { url, active });
      return { value: { notice: NOTICE, tab } };
    },
  });

const sites = (shared: BrowserTools): AnyTool =>
  defineBrowserTool(shared, {
    name: "firefox_sites",
    title: "List the sites that may be used",
    description:
      "What the operator has allowed, and where the user seems to be logged in. Only the operator changes it; here it can only be read.",
    input: z.strictObject({ browser: input.browser }),
    output: z.looseObject({ browser: z.string(), sites: z.array(made(FirefoxSite)) }),
    annotations: READS,
    run: async (_args, call) => {
      const { conductor, signal } = call.caller;
      const found = await conductor.firefoxSites({ query: { clientId: call.browser.id }, signal });
      return { value: { browser: nameOf(call), sites: found.sites } };
    },
  });

export const tabTools = (shared: BrowserTools): readonly AnyTool[] => [tabs(shared), open(shared), sites(shared)];
