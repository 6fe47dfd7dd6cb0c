import { ProblemReply } from "@baa/client";
import { accessOf, SitePattern, type SiteRule } from "@baa/contracts/firefox";
import { inputRequired, inputResponse } from "@modelcontextprotocol/server";
import { CliError } from "../../errors.ts";
import { CommandFault } from "../../firefox/command-fault.ts";
import type { ToolQuestion } from "../tool.ts";
import { type BrowserCall, nameOf } from "./browser.ts";

/**
 * The site that a call was refused for; undefined for any other failure. So is one that was done before it came to that
 * site, by a redirect: it must not be done again.
 */
export const refusedSite = (error: unknown): string | undefined => {
  if (error instanceof CommandFault) {
    return error.code === "site_not_allowed" && error.outcome === "notDone" ? error.site : undefined;
  }
  if (!(error instanceof ProblemReply) || error.code !== "site_not_allowed") return undefined;
  const site = error.problem["site"];
  return typeof site === "string" ? site : undefined;
};

/**
 * Whether a site may be used, decided by the person before the client. What they allow becomes a rule of conductor's,
 * which lasts; what they refuse is remembered for as long as this server runs, so that they are asked once.
 */
export class SiteApprovals {
  readonly #refused = new Set<string>();

  /** @returns the question when they must be asked first. Throws CliError when the site stays closed. */
  async settle(call: BrowserCall, site: string): Promise<"allowed" | ToolQuestion> {
    if (!SitePattern.safeParse(site).success) throw new CliError("failed", "site_not_allowed", "That is no site.");
    const access = await this.#access(call, site);
    if (access === "allowed") return "allowed";
    if (access === "denied") throw closed(call, site, "the operator has denied it");
    const key = `site:${site}:${call.browser.id}`;
    if (this.#refused.has(key)) throw closed(call, site, "the person before this client did not allow it");
    const answer = inputResponse(call.answers, key);
    if (answer.kind !== "elicit") {
      if (!call.canAsk) throw closed(call, site, "nobody has allowed it yet, and this client cannot ask");
      return { questions: { [key]: question(call, site) } };
    }
    if (isYes(answer)) return this.#allow(call, site);
    // Who only closed the form has not decided.
    if (answer.action !== "cancel") this.#refused.add(key);
    throw closed(call, site, "the person before this client did not allow it");
  }

  async #access({ caller, browser }: BrowserCall, site: string): Promise<SiteRule["access"] | undefined> {
    const { conductor, signal } = caller;
    const { sites } = await conductor.firefoxSites({ query: { clientId: browser.id }, signal });
    const rules = sites.flatMap(({ site: pattern, access }) =>
      access === undefined ? [] : [{ site: pattern, access }],
    );
    return accessOf(rules, site);
  }

  async #allow(call: BrowserCall, site: string): Promise<"allowed"> {
    const { caller, browser, log } = call;
    try {
      await caller.conductor.setFirefoxSite({ body: { clientId: browser.id, site, access: "allowed" } });
    } catch (error) {
      if (!(error instanceof ProblemReply) || error.status !== 403) throw error;
      throw closed(call, site, "they allowed it, but the token of this server may not (it needs the scope admin)");
    }
    log(`${site} is allowed in ${nameOf(call)} from now on, by the person before the client`);
    return "allowed";
  }
}

/** A client may send the form without what was left at its default: to accept the question is to say yes. */
const isYes = ({ action, content }: { readonly action: string; readonly content?: unknown }): boolean => {
  const { decision = "allow" } = (content ?? {}) as { decision?: unknown };
  return action === "accept" && decision === "allow";
};

const question = (call: BrowserCall, site: string) =>
  inputRequired.elicit({
    message: `May this AI use ${site} in your Firefox (${nameOf(call)}), with whatever you are logged in as there? It could read its pages and act on them. Allowed stays allowed, for whoever uses this bridge, until: baa firefox sites forget ${site}`,
    requestedSchema: {
      type: "object",
      properties: {
        decision: {
          type: "string",
          title: `Use ${site}`,
          description: "allow = from now on; deny = not now",
          enum: ["allow", "deny"],
          default: "allow",
        },
      },
      required: [],
    },
  });

const closed = (call: BrowserCall, site: string, why: string): CliError =>
  new CliError("failed", "site_not_allowed", `${site} is not allowed in ${nameOf(call)}: ${why}. Nothing was done.`, {
    next: `Only the operator can allow it, by running: baa firefox sites allow ${site} --client ${nameOf(call)}`,
  });
