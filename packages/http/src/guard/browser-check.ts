import { headerValues } from "./raw-headers.ts";

/**
 * Whether a web page sent this. Only Origin, Referer and Sec-Fetch-Site count: Node's own fetch sends
 * Sec-Fetch-Mode. `none` is what a browser sends for an address typed by its user.
 */
export function comesFromPage(rawHeaders: readonly string[]): boolean {
  if (headerValues(rawHeaders, "origin").length > 0) return true;
  if (headerValues(rawHeaders, "referer").length > 0) return true;
  const sites = headerValues(rawHeaders, "sec-fetch-site");
  return sites.length > 1 || (sites.length === 1 && sites[0] !== "none");
}
