import { accessOf, type SiteAdapter } from "@baa/contracts/firefox";
import { chatgpt } from "./chatgpt.ts";
import { claude } from "./claude.ts";
import { gemini } from "./gemini.ts";
import { generic } from "./generic.ts";

/** All that we know, in the order in which they are tried. The generic one fits every site and so comes last. */
export const SITE_ADAPTERS: readonly SiteAdapter[] = [chatgpt, claude, gemini, generic];

/** The first adapter that fits a site. */
export const adapterFor = (site: string): SiteAdapter | undefined =>
  SITE_ADAPTERS.find((adapter) => adapter.sites.length === 0 || isSiteOf(adapter, site));

/** Whether an adapter names this site; patterns mean what they mean in the operator's rules. */
export const isSiteOf = (adapter: SiteAdapter, site: string): boolean =>
  accessOf(
    adapter.sites.map((pattern) => ({ site: pattern, access: "allowed" })),
    site,
  ) === "allowed";
