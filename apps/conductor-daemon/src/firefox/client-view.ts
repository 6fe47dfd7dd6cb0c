import type { FirefoxClient, FirefoxSite } from "@baa/contracts";
import { accessOf, type SiteLogin } from "@baa/contracts/firefox";
import type { BrowserPort } from "./browser-port.ts";
import type { StoredClient } from "./clients.ts";
import { timeOf } from "./command-view.ts";
import type { StoredRule } from "./site-rules.ts";

/** A paired browser with what its connection told; `port` is missing while it is away. */
export const clientView = (
  client: StoredClient,
  o: { port: BrowserPort | undefined; openCommands: number },
): FirefoxClient => ({
  id: client.id,
  ...(client.name === undefined ? {} : { name: client.name }),
  state: o.port === undefined ? "disconnected" : "connected",
  since: timeOf(o.port?.sinceMs ?? client.seenMs),
  origin: client.origin,
  pairedAt: timeOf(client.pairedMs),
  isPaused: o.port?.isPaused ?? false,
  info: { ...client.info },
  methods: [...client.methods],
  tabs: [...(o.port?.tabs ?? [])],
  openCommands: o.openCommands,
});

/** The rules for a browser and the sites that it found an adapter for, one row for each site. */
export const sitesView = (
  clientId: string,
  rules: readonly StoredRule[],
  logins: readonly SiteLogin[],
): FirefoxSite[] => {
  const ruled = rules.map(({ site, access, atMs, by }): FirefoxSite => ({
    clientId,
    site,
    access,
    at: timeOf(atMs),
    by,
    ...loginOf(logins.find((login) => login.site === site)),
  }));
  const others = logins.filter(({ site }) => !rules.some((rule) => rule.site === site));
  const found = others.map((login): FirefoxSite => {
    const access = accessOf(rules, login.site);
    return { clientId, site: login.site, ...(access === undefined ? {} : { access }), ...loginOf(login) };
  });
  return [...ruled, ...found];
};

const loginOf = (login: SiteLogin | undefined): Pick<FirefoxSite, "adapter" | "isVerified" | "login"> =>
  login === undefined ? {} : { adapter: login.adapter, isVerified: login.isVerified, login: login.login };
