import * as z from "zod/mini";

const SITE_CHARS_MAX = 255;
const SITE =
  /^(\*\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*|\[[0-9a-f:]+\])(:\d{1,5})?$/;

/**
 * A site as the operator names it: a host, with its port unless it is the usual one; `*.` before it stands for the host
 * and all below it. `chatgpt.com`, `*.example.org`, `127.0.0.1:8080`. The length comes first: on a text of megabytes
 * the expression would end with a RangeError.
 */
export const SitePattern = z.string().check(
  z.maxLength(SITE_CHARS_MAX, { abort: true }),
  z.regex(SITE, {
    error: "must be a host in lower case, with a port unless it is the usual one, or *.host for all below it",
  }),
);

/** `asked`: somebody wanted to use it and the operator has not said yet. Only `allowed` lets anything through. */
export const SITE_ACCESS = ["allowed", "denied", "asked"] as const;
export type SiteAccess = (typeof SITE_ACCESS)[number];

export const SiteRule = z.object({ site: SitePattern, access: z.enum(SITE_ACCESS) });
export type SiteRule = z.infer<typeof SiteRule>;

/**
 * The site of an address; undefined for what is no web page (about:, file:, moz-extension:, data:), and for hosts that
 * no rule can name: with a dot at the end, with a `*` (which URLs may have), or longer than a pattern may be.
 */
export const siteOf = (url: string): string | undefined => {
  if (!URL.canParse(url)) return undefined;
  const { protocol, host } = new URL(url);
  const isWeb = protocol === "http:" || protocol === "https:";
  return isWeb && !host.startsWith("*") && host.length <= SITE_CHARS_MAX && SITE.test(host) ? host : undefined;
};

/** The rule that decides about a site: the one for exactly it, else the longest `*.` above it, else undefined. */
export const ruleOf = (rules: readonly SiteRule[], site: string): SiteRule | undefined => {
  const exact = rules.find((rule) => rule.site === site);
  if (exact !== undefined) return exact;
  const above = rules.filter((rule) => rule.site.startsWith("*.") && covers(rule.site.slice(2), site));
  return above.toSorted((a, b) => b.site.length - a.site.length)[0];
};

/** What the rules say of a site. */
export const accessOf = (rules: readonly SiteRule[], site: string): SiteAccess | undefined =>
  ruleOf(rules, site)?.access;

const covers = (host: string, site: string): boolean => site === host || site.endsWith(`.${host}`);
