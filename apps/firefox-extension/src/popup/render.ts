import { byId, setSentence, setShown, setText } from "./elements.ts";
import { askedList, commandList, type OnSite, siteList } from "./lists.ts";
import type { PopupView } from "./popup-view.ts";

/** Shows views on popup.html. What the user is typing, and where the focus is, stays. */
export const newRenderer = (onSite: OnSite): ((view: PopupView) => void) => {
  const lists = { asked: askedList(onSite), sites: siteList(onSite), commands: commandList() };
  return (view) => {
    showStatus(view);
    setShown(byId("permission"), view.needsPermission);
    setShown(byId("pair"), view.canPair);
    setShown(byId("asked"), view.asked !== undefined);
    lists.asked.show(view.asked?.sites ?? []);
    setText(byId("asked-more"), view.asked?.more ?? "");
    showPage(view);
    setShown(byId("pause"), view.pause !== undefined);
    byId("pause-switch").setAttribute("aria-checked", String(view.pause?.isOn === true));
    showSites(view);
    lists.sites.show(view.sites ?? []);
    setShown(byId("commands"), view.commands !== undefined);
    lists.commands.show(view.commands ?? []);
    showDetails(view);
    setShown(byId("main"), true);
  };
};

const showStatus = ({ status }: PopupView): void => {
  byId("status").dataset["tone"] = status.tone;
  setText(byId("status-title"), status.title);
  setSentence(byId("status-why"), status.why);
  setSentence(byId("status-next"), status.next ?? "");
  setShown(byId("connect"), status.connect !== undefined);
  setText(byId("connect"), status.connect ?? "");
};

const showPage = ({ page, canDecide }: PopupView): void => {
  const section = byId("page");
  setShown(section, page !== undefined);
  if (page === undefined) return;
  section.dataset["site"] = page.site;
  section.dataset["hasOwnRule"] = String(page.hasOwnRule);
  setText(byId("page-title"), page.title);
  setText(byId("page-site"), page.site);
  setText(byId("page-note"), page.note);
  setShown(byId("page-access"), page.hasSite);
  showChoice("page-allow", { isOn: page.access === "allowed", canDecide });
  showChoice("page-deny", { isOn: page.access === "denied", canDecide });
  setShown(byId("send"), page.hasSite);
  setText(byId("send-waiting"), page.waiting);
};

const showChoice = (id: string, { isOn, canDecide }: { isOn: boolean; canDecide: boolean }): void => {
  const button = byId<HTMLButtonElement>(id);
  button.setAttribute("aria-pressed", String(isOn));
  button.disabled = !canDecide;
};

const showSites = ({ sites, canDecide }: PopupView): void => {
  setShown(byId("sites"), sites !== undefined);
  setText(byId("sites-title"), sites === undefined || sites.length === 0 ? "Sites" : `Sites (${sites.length})`);
  setShown(byId("sites-none"), sites?.length === 0);
  setShown(byId("sites-offline"), !canDecide && sites !== undefined && sites.length > 0);
};

const showDetails = ({ about, address, canUnpair }: PopupView): void => {
  setText(byId("about"), about);
  const url = byId<HTMLInputElement>("url");
  // Only while nobody has typed into it.
  if (url.value === url.defaultValue && url.value !== address.url) url.value = url.defaultValue = address.url;
  url.readOnly = address.isManaged;
  setText(
    byId("url-hint"),
    address.isManaged ? "Set by the policy of this machine." : "ws:// on this machine, or wss://.",
  );
  setShown(byId("url-buttons"), !address.isManaged);
  setShown(byId("url-default"), !address.isDefault);
  setShown(byId("unpair"), canUnpair);
};
