import { FIREFOX_PATH, siteOf, SitePattern } from "@baa/contracts/firefox";
import type { PopupAction, PopupReply, PopupState } from "../shared/popup-messages.ts";
import type { Background } from "./app.ts";
import { EVERY_SITE } from "./browser-info.ts";
import { isSocketUrl } from "./settings.ts";
import { readPage, readSelection } from "./user/send.ts";

/** How long conductor may take to say that a rule has changed. */
const RULE_MS = 5_000;

const OK: PopupReply = { ok: true };
const failed = (error: string): PopupReply => ({ ok: false, error });

/** Does what the popup asks. */
export const answerPopup = async (background: Background, action: PopupAction): Promise<PopupState | PopupReply> => {
  const { dialer, settings } = background;
  switch (action.do) {
    case "tellState":
      return tellState(background);
    case "pair": {
      const error = await dialer.pair(action.code);
      return error === undefined ? OK : failed(error);
    }
    case "unpair":
      await background.unpair();
      return OK;
    case "connect":
      dialer.connectNow();
      return OK;
    case "setPaused":
      await background.setPaused(action.isPaused);
      return OK;
    case "setSite":
      return setSite(background, action.site, action.access);
    case "setUrl":
      if (settings.isUrlManaged) return failed("The address comes from the policy of this machine.");
      return setUrl(background, action.url);
    case "sendPage":
    case "sendSelection":
      return replyOf(await sendFromTab(background, action.do, await activeTab()));
  }
};

/** Keeps what the user sends for conductor. @returns why that did not go, or undefined. */
export const sendFromTab = async (
  { events, run, settings }: Background,
  what: "sendPage" | "sendSelection",
  tab: browser.tabs.Tab | undefined,
  selection?: string,
): Promise<string | undefined> => {
  const { key } = settings;
  if (key === undefined) return NOBODY;
  if (tab === undefined || siteOf(tab.url ?? "") === undefined) return "This is no web page; it cannot be sent.";
  try {
    const sent = what === "sendPage" ? await readPage(tab, run) : await readSelection(tab, selection);
    if (sent === undefined) return "Nothing is selected on this page.";
    // The pairing may have ended meanwhile; what was meant for its conductor goes to no other.
    return settings.key === key ? await events.add(sent) : NOBODY;
  } catch (error) {
    return `The page could not be read: ${error instanceof Error ? error.message : String(error)}`;
  }
};

const NOBODY = "This browser is not paired: nobody would get it.";

const replyOf = (error: string | undefined): PopupReply => (error === undefined ? OK : failed(error));

const setSite = async (
  { dialer, sites }: Background,
  site: string,
  access: "allowed" | "denied" | null,
): Promise<PopupReply> => {
  const pattern = SitePattern.safeParse(site);
  if (!pattern.success) return failed(`"${site}" is no site: a host in lower case, as in \`example.org\`.`);
  if (dialer.connection === undefined) return failed("Conductor keeps the rules and is not connected now.");
  const isSo = () => (sites.rules.find((rule) => rule.site === site)?.access ?? null) === access;
  const endMs = Date.now() + RULE_MS;
  dialer.connection.send({ t: "site", site: pattern.data, access });
  while (!isSo()) {
    // Rules are told for other reasons, too, and as they were when there are too many of them.
    if (await sites.told(endMs - Date.now())) continue;
    return failed("Conductor has not said that it took the rule. Try again.");
  }
  return OK;
};

const setUrl = async ({ dialer, settings }: Background, typed: string | undefined): Promise<PopupReply> => {
  const url = typed?.trim();
  if (url !== undefined && !isSocketUrl(url)) {
    return failed(`An address begins with ws:// or wss://, as in \`ws://127.0.0.1:4317${FIREFOX_PATH}\`.`);
  }
  await settings.setUrl(url === undefined ? undefined : withPath(url));
  dialer.redial();
  return OK;
};

/** There is one path; a host alone is enough. No socket is opened for an address with a fragment. */
const withPath = (text: string): string => {
  const url = new URL(text);
  url.hash = "";
  if (url.pathname === "/") url.pathname = FIREFOX_PATH;
  return url.href;
};

const tellState = async ({ dialer, settings, sites, events, history }: Background): Promise<PopupState> => {
  const [{ name, version }, hasAllSites, tab] = await Promise.all([
    browser.runtime.getBrowserInfo(),
    browser.permissions.contains(EVERY_SITE),
    activeTab(),
  ]);
  const site = siteOf(tab?.url ?? "");
  return {
    connection: dialer.shows,
    isPaired: settings.key !== undefined,
    isPaused: settings.isPaused,
    url: settings.url,
    isUrlManaged: settings.isUrlManaged,
    browser: `${name} ${version}`,
    version: browser.runtime.getManifest().version,
    clientId: settings.clientId,
    hasAllSites,
    ...(tab === undefined ? {} : { tab: { title: tab.title ?? "", ...(site === undefined ? {} : { site }) } }),
    sites: sites.rules,
    waiting: events.waiting,
    commands: history.commands,
  };
};

const activeTab = async (): Promise<browser.tabs.Tab | undefined> => {
  const [tab] = await browser.tabs.query({ active: true, lastFocusedWindow: true });
  return tab;
};
