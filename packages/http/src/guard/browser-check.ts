import { headerValues } from "./raw-headers.ts";
import type { Surface } from "./surfaces.ts";

/** What a browser sends for an address typed by its user. */
const TYPED = ["none"];
const TYPED_OR_OWN_PAGE = ["none", "same-origin"];
/** Firefox writes it so, in lower case; the UUID is random for each profile and install. */
const EXTENSION_ORIGIN = /^moz-extension:\/\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Whether a request passes the check that its surface asks for; without one, nothing that a browser sends from a page
 * does. `admits`: which extensions are let in; without it none is.
 */
export function passesBrowserCheck(
  rawHeaders: readonly string[],
  check: Surface["browserCheck"] = "apply",
  admits?: (origin: string) => boolean,
): boolean {
  if (check === "skip") return true;
  if (check !== "extension") return !comesFromPage(rawHeaders, { ownPagePasses: check === "sameOrigin" });
  const origin = extensionOrigin(rawHeaders);
  return origin !== undefined && admits?.(origin) === true;
}

/**
 * Whether a web page sent this; `ownPagePasses` lets pages of this very origin through. Only Origin, Referer and
 * Sec-Fetch-Site count: Node's own fetch sends Sec-Fetch-Mode. A page's own GET carries no Origin, and no Referer
 * when the page says `no-referrer`, so these two are refused from our own page as well.
 */
function comesFromPage(rawHeaders: readonly string[], o: { ownPagePasses: boolean }): boolean {
  if (headerValues(rawHeaders, "origin").length > 0) return true;
  if (headerValues(rawHeaders, "referer").length > 0) return true;
  return !hasSiteOf(o.ownPagePasses ? TYPED_OR_OWN_PAGE : TYPED, rawHeaders);
}

/**
 * The Origin of the extension that sent this, or undefined: exactly one, of Firefox's form, without the Referer that
 * only a page sends. Firefox says `same-origin` of an extension's socket to a host that it may access.
 */
function extensionOrigin(rawHeaders: readonly string[]): string | undefined {
  const [origin, ...more] = headerValues(rawHeaders, "origin");
  if (origin === undefined || more.length > 0 || !EXTENSION_ORIGIN.test(origin)) return undefined;
  if (headerValues(rawHeaders, "referer").length > 0) return undefined;
  return hasSiteOf(TYPED_OR_OWN_PAGE, rawHeaders) ? origin : undefined;
}

/** Whether there is no Sec-Fetch-Site, or one of these alone. */
function hasSiteOf(allowed: readonly string[], rawHeaders: readonly string[]): boolean {
  const [site, ...more] = headerValues(rawHeaders, "sec-fetch-site");
  return site === undefined || (more.length === 0 && allowed.includes(site));
}
