import { headerValues } from "./raw-headers.ts";

/** What a browser sends for an address typed by its user. */
const TYPED = ["none"];
const TYPED_OR_OWN_PAGE = ["none", "same-origin"];

/**
 * Whether a web page sent this; `ownPagePasses` lets pages of this very origin through. Only Origin, Referer and
 * Sec-Fetch-Site count: Node's own fetch sends Sec-Fetch-Mode. A page's own GET carries no Origin, and no Referer
 * when the page says `no-referrer`, so these two are refused from our own page as well.
 */
export function comesFromPage(rawHeaders: readonly string[], o: { ownPagePasses: boolean }): boolean {
  if (headerValues(rawHeaders, "origin").length > 0) return true;
  if (headerValues(rawHeaders, "referer").length > 0) return true;
  const sites = headerValues(rawHeaders, "sec-fetch-site");
  const [site] = sites;
  if (site === undefined) return false;
  return sites.length > 1 || !(o.ownPagePasses ? TYPED_OR_OWN_PAGE : TYPED).includes(site);
}
