import { FIREFOX_DEFAULT_URL, ruleOf, type SiteRule } from "@baa/contracts/firefox";
import { connectionWords, type ConnectionWords } from "../shared/connection-words.ts";
import { POPUP_COMMANDS_MAX, type PopupConnection, type PopupState, type PopupTab } from "../shared/popup-messages.ts";
import { type CommandLine, commandLine } from "./command-words.ts";
import { plain } from "./plain-text.ts";

/** Asked sites that are shown at once: whoever asks for hundreds must not push the rest away. */
const ASKED_MAX = 4;

const WHEN_CONNECTED = "This can be changed while connected.";

/** The site of the active tab. */
export interface PageView {
  readonly title: string;
  readonly site: string;
  readonly note: string;
  readonly access: "allowed" | "denied" | undefined;
  /** The rule that decides is for exactly this site. */
  readonly hasOwnRule: boolean;
  /** Whether there is something to allow and to send. */
  readonly hasSite: boolean;
  /** How much of what was sent waits. */
  readonly waiting: string;
}

/** What the popup shows: parts that are undefined are not there. */
export interface PopupView {
  readonly status: ConnectionWords;
  readonly needsPermission: boolean;
  /** Whether a code can be typed. */
  readonly canPair: boolean;
  /** Sites that wait for a decision, and how many more there are. */
  readonly asked: { readonly sites: readonly string[]; readonly more: string } | undefined;
  readonly page: PageView | undefined;
  /** Whether rules can be changed now: conductor keeps them. */
  readonly canDecide: boolean;
  readonly pause: { readonly isOn: boolean } | undefined;
  readonly sites: readonly SiteRule[] | undefined;
  readonly commands: readonly CommandLine[] | undefined;
  readonly about: string;
  readonly address: { readonly url: string; readonly isManaged: boolean; readonly isDefault: boolean };
  readonly canUnpair: boolean;
}

/** What is shown of a state. `nowMs`: ms since 1970. */
export const popupView = (state: PopupState, nowMs: number): PopupView => {
  const { connection, isPaired, sites } = state;
  const url = plain(state.url, 100);
  const isOpen = connection.kind === "connected";
  return {
    status: connectionWords({ connection, isPaused: state.isPaused, url }),
    needsPermission: !state.hasAllSites || (connection.kind === "connecting" && connection.why === "noPermission"),
    canPair: canPair(connection, isPaired),
    asked: isPaired && isOpen ? askedOf(sites) : undefined,
    page: isPaired && state.tab !== undefined ? pageView(state.tab, state) : undefined,
    canDecide: isOpen,
    pause: isPaired ? { isOn: state.isPaused } : undefined,
    sites: isPaired ? decided(sites) : undefined,
    commands:
      isPaired && state.commands.length > 0
        ? state.commands.slice(0, POPUP_COMMANDS_MAX).map((command) => commandLine(command, nowMs))
        : undefined,
    about: aboutText(state),
    address: { url: state.url, isManaged: state.isUrlManaged, isDefault: state.url === FIREFOX_DEFAULT_URL },
    canUnpair: isPaired,
  };
};

/** Without a key, and where a new pairing is the way out. */
const canPair = (connection: PopupConnection, isPaired: boolean): boolean => {
  const why = connection.kind === "connecting" ? connection.why : undefined;
  return isPaired ? why === "keyRefused" || why === "refused" : why !== "enrolling";
};

const askedOf = (rules: readonly SiteRule[]): PopupView["asked"] => {
  const sites = rules.filter(({ access }) => access === "asked").map(({ site }) => site);
  if (sites.length === 0) return undefined;
  const more = sites.length - ASKED_MAX;
  return { sites: sites.slice(0, ASKED_MAX), more: more > 0 ? `and ${more} more after these` : "" };
};

const decided = (rules: readonly SiteRule[]): readonly SiteRule[] =>
  rules
    .filter(({ access }) => access !== "asked")
    .toSorted((a, b) => bare(a.site).localeCompare(bare(b.site)) || a.site.length - b.site.length);

const bare = (site: string): string => site.replace(/^\*\./, "");

const pageView = (tab: PopupTab, { connection, sites, waiting: count }: PopupState): PageView => {
  const waiting = waitingText(count);
  const title = plain(tab.title, 80);
  const { site } = tab;
  if (site === undefined) {
    const note = "This tab shows no web page.";
    return { title, site: "", note, access: undefined, hasOwnRule: false, hasSite: false, waiting };
  }
  const rule = ruleOf(sites, site);
  const access = rule?.access === "asked" ? undefined : rule?.access;
  const note = connection.kind === "connected" ? noteOf(rule, site) : `${noteOf(rule, site)} ${WHEN_CONNECTED}`;
  return { title, site, note, access, hasOwnRule: rule?.site === site, hasSite: true, waiting };
};

const noteOf = (rule: SiteRule | undefined, site: string): string => {
  const by = rule === undefined || rule.site === site ? "" : `, by the rule ${rule.site}`;
  switch (rule?.access) {
    case "allowed":
      return `Conductor may read and use this site${by}.`;
    case "denied":
      return `Conductor may not use this site${by}.`;
    case "asked":
      return "Conductor asks to use this site.";
    case undefined:
      return "Conductor cannot see this page unless you allow its site.";
  }
};

const waitingText = (count: number): string => {
  if (count === 0) return "";
  return count === 1 ? "1 waits until conductor takes it." : `${count} wait until conductor takes them.`;
};

const aboutText = ({ version, browser, clientId }: PopupState): string =>
  [`Extension ${plain(version, 20)}`, plain(browser, 40), `this browser is ${plain(clientId, 12)}`].join(" · ");
