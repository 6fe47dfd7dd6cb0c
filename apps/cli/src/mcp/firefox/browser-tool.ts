import type { ToolAnnotations } from "@modelcontextprotocol/server";
import type * as z from "zod";
import { CliError } from "../../errors.ts";
import { CommandFault } from "../../firefox/command-fault.ts";
import { certainty } from "../../firefox/ending.ts";
import { type AnyTool, defineTool, type ToolAnswer } from "../tool.ts";
import { type BrowserCall, openBrowser } from "./browser.ts";
import { refusedSite, type SiteApprovals } from "./site-approval.ts";

/** What all tools for browsers share. */
export interface BrowserTools {
  /** The browser, when a call names none. */
  readonly client: string | undefined;
  readonly approvals: SiteApprovals;
  /** Milliseconds that a call waits for an answer when it says nothing. */
  readonly waitMs: number;
}

export interface BrowserToolDef<I extends z.ZodObject, O extends z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: I;
  readonly output: O;
  readonly annotations: ToolAnnotations;
  readonly run: (args: z.output<I>, call: BrowserCall) => Promise<ToolAnswer<z.input<O>>>;
}

/** What a page shows is read; the world is open: pages are others'. */
export const READS_PAGES: ToolAnnotations = { readOnlyHint: true, openWorldHint: true };
/** What a click, a key or a request does on a page is the page's business, and may be anything. */
export const ACTS_ON_PAGES: ToolAnnotations = {
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: false,
  openWorldHint: true,
};
/** Something more is there afterwards, and nothing less. */
export const ADDS: ToolAnnotations = {
  readOnlyHint: false,
  destructiveHint: false,
  idempotentHint: false,
  openWorldHint: true,
};

/**
 * A tool for one browser. A call that is refused for its site comes again once the person before the client has allowed
 * the site: what was refused was not done.
 */
export const defineBrowserTool = <I extends z.ZodObject, O extends z.ZodObject>(
  { client, approvals }: BrowserTools,
  def: BrowserToolDef<I, O>,
): AnyTool =>
  defineTool({
    ...def,
    run: async (args, call) => {
      const given = (args as { browser?: string }).browser ?? client;
      const browserCall = await openBrowser(call, given);
      const settled = new Set<string>();
      for (;;) {
        try {
          return await def.run(args, browserCall);
        } catch (error) {
          const site = refusedSite(error);
          if (site === undefined || settled.has(site)) throw forModel(error);
          settled.add(site);
          const verdict = await approvals.settle(browserCall, site);
          if (verdict !== "allowed") return verdict;
        }
      }
    },
  });

/** How a command ended that has no result, for a model. */
const forModel = (error: unknown): unknown => {
  if (!(error instanceof CommandFault)) return error;
  const detail = [error.message, certainty(error)].filter(Boolean).join(" ");
  return new CliError("failed", error.code, detail, { next: nextStep(error), cause: error });
};

const nextStep = ({ code, outcome, command }: CommandFault): string | undefined => {
  if (outcome === "unknown") return "Look at the page (firefox_read, firefox_screenshot) before you do it again.";
  if (command.state === "expired") return "Firefox is not there. Ask the operator whether it runs: baa firefox clients";
  return NEXT[code];
};

const NEXT: Readonly<Record<string, string>> = {
  paused: "The user has paused the extension, and ends that in its popup. Do not go on without them.",
  no_site: "Choose another tab with tabId, as firefox_tabs lists them.",
  tab_not_found: "See which tabs there are: firefox_tabs.",
  tab_closed: "See which tabs there are: firefox_tabs.",
  permission_missing: "Only the user can give the permission back, under about:addons.",
  selector_not_found: "Look at the page with firefox_read (mode html), or wait for the element with firefox_wait.",
  selector_invalid: "Give a CSS selector.",
  not_logged_in: "Ask the user to log in there, in that browser.",
  no_adapter: "This works only on sites of web AIs: firefox_sites lists them.",
  chat_busy: "Wait for the answer that is being written, or end it with firefox_stop.",
  adapter_mark: "The site has changed. Tell the operator; nothing is guessed here.",
  fetch_failed: "When the page's own policy forbids it, via: background may do.",
  too_large: "Ask for less of the page, by a selector.",
};
