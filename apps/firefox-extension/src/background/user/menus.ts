/** Ids of the items in a page's context menu. */
export const MENU_PAGE = "send-page";
export const MENU_SELECTION = "send-selection";

/** Made anew at each start: a persistent background loses them, an event page keeps them. */
export const createMenus = async (): Promise<void> => {
  await browser.menus.removeAll();
  browser.menus.create({ id: MENU_PAGE, title: "Send page to conductor", contexts: ["page"] });
  browser.menus.create({ id: MENU_SELECTION, title: "Send selection to conductor", contexts: ["selection"] });
};
