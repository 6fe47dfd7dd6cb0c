import { isOfPopup } from "../shared/popup-messages.ts";
import { Background } from "./app.ts";
import { readFromPage } from "./page-channel.ts";
import { answerPopup, sendFromTab } from "./popup-channel.ts";
import { createMenus, MENU_PAGE } from "./user/menus.ts";

/*
 * An event page is started for the events that had a listener when it was loaded before, so every listener is added
 * here, at once, whether it has work now or not. Without the one for onStartup Firefox would not start it with itself.
 */
const background = new Background(browser.storage);
const wake = () => void background.wake();

browser.runtime.onStartup.addListener(wake);
browser.runtime.onInstalled.addListener(wake);
browser.alarms.onAlarm.addListener(wake);

browser.runtime.onMessage.addListener((message: unknown, sender: browser.runtime.MessageSender) => {
  const self = { extensionId: browser.runtime.id, root: browser.runtime.getURL("") };
  if (isOfPopup(message, { id: sender.id ?? "", url: sender.url ?? "" }, self)) {
    return background.wake().then(() => answerPopup(background, message.action));
  }
  const told = sender.tab === undefined ? undefined : readFromPage(message);
  if (told === undefined) return undefined;
  return background.wake().then(() => background.commands.onFromPage(told, sender.tab?.id));
});

browser.tabs.onCreated.addListener(() => background.tabs.changed());
browser.tabs.onActivated.addListener(() => background.tabs.changed());
browser.tabs.onAttached.addListener(() => background.tabs.changed());
browser.tabs.onRemoved.addListener((tabId) => {
  background.tabs.changed();
  background.scripted.delete(tabId);
  void background.wake().then(() => background.commands.onTabChanged(tabId, "closed"));
});
browser.tabs.onUpdated.addListener(
  (tabId, change, tab) => {
    background.tabs.changed();
    if (change.status !== "complete") return;
    background.state.onLoaded(tab.url);
    void background.wake().then(() => background.commands.onTabChanged(tabId, "loaded"));
  },
  { properties: ["status", "title", "url"] },
);

const onPermissions = () => {
  void background.wake().then(() => background.state.changed());
};
browser.permissions.onAdded.addListener(onPermissions);
browser.permissions.onRemoved.addListener(() => {
  background.scripted.clear();
  onPermissions();
});

browser.menus.onClicked.addListener((info, tab) => {
  const what = info.menuItemId === MENU_PAGE ? "sendPage" : "sendSelection";
  void background
    .wake()
    .then(() => sendFromTab(background, what, tab, info.selectionText))
    .then((trouble) => background.showState(trouble));
});

void createMenus();
wake();
