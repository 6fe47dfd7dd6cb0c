import type { FirefoxSite } from "@baa/contracts";
import { SitePattern } from "@baa/contracts/firefox";
import type { ClientOption } from "../commands/firefox/options.ts";
import type { Context } from "../context.ts";
import { usageError } from "../errors.ts";
import type { ExitName } from "../exit-codes.ts";
import { safeText } from "../output/safe-text.ts";
import type { Style } from "../output/style.ts";
import { tableLines } from "../output/table.ts";
import { ago } from "../output/time.ts";
import { patiently } from "../patience.ts";
import { browserName, type Caller, listBrowsers, resolveBrowser } from "./browsers.ts";
import { callerOf } from "./perform.ts";

/** `baa firefox sites` */
export const list = async (context: Context, o: ClientOption): Promise<ExitName> => {
  const { out, signal } = context;
  const caller = await callerOf(context);
  const clientId = o.client === undefined ? undefined : (await resolveBrowser(caller, o.client)).id;
  const { conductor } = caller;
  const { sites } = await patiently(context, () => conductor.firefoxSites({ query: { clientId }, signal }));
  const names = await namesOf(caller);
  await out.result({ sites }, tableLines(siteRows(sites, { names, style: out.style, now: Date.now() })));
  if (!out.json && sites.length === 0) out.note("no site is allowed. Allow one: baa firefox sites allow <site>");
  return "ok";
};

const namesOf = async (caller: Caller): Promise<ReadonlyMap<string, string>> =>
  new Map((await listBrowsers(caller)).map((browser) => [browser.id, browserName(browser)]));

interface Look {
  /** How the browsers are called, by id. */
  readonly names: ReadonlyMap<string, string>;
  readonly style: Style;
  readonly now: number;
}

const siteRows = (sites: readonly FirefoxSite[], { names, style, now }: Look): string[][] =>
  sites.length === 0
    ? []
    : [
        ["SITE", "ACCESS", "BROWSER", "LOGIN", "ADAPTER", "BY", "SINCE"].map(style.dim),
        ...sites.map((site) => [
          safeText(site.site),
          accessText(site, style),
          safeText(names.get(site.clientId) ?? site.clientId),
          site.login ?? "-",
          site.adapter === undefined ? "-" : `${site.adapter}${site.isVerified === false ? " (not verified)" : ""}`,
          safeText(site.by ?? "-"),
          site.at === undefined ? "-" : ago(site.at, now),
        ]),
      ];

const ACCESS_COLOURS = { allowed: "good", denied: "bad", asked: "warn" } as const;

const accessText = ({ access }: FirefoxSite, style: Style): string =>
  access === undefined ? style.dim("not asked") : style[ACCESS_COLOURS[access]](access);

/** `baa firefox sites allow|deny|forget` */
export const set = async (
  context: Context,
  given: string,
  o: ClientOption & { readonly access: "allowed" | "denied" | "forget" },
): Promise<ExitName> => {
  const { out, signal } = context;
  const site = patternOf(given);
  const caller = await callerOf(context);
  const browser = await resolveBrowser(caller, o.client);
  const body = { clientId: browser.id, site, access: o.access };
  const { sites } = await patiently(context, (idempotencyKey) =>
    caller.conductor.setFirefoxSite({ body, idempotencyKey, signal }),
  );
  const what = o.access === "forget" ? "has no rule any more" : `is ${o.access} from now on`;
  await out.result({ sites }, [`${site} ${what} in ${browserName(browser)}`]);
  return "ok";
};

/** A site as it is given: a pattern, or an address of which it is the site. */
export const patternOf = (given: string): string => {
  const site = /^https?:\/\//i.test(given) && URL.canParse(given) ? new URL(given).host : given.toLowerCase();
  const parsed = SitePattern.safeParse(site);
  if (parsed.success) return parsed.data;
  throw usageError(`${given} is no site: it ${parsed.error.issues[0]?.message ?? "must be a host"}`);
};
