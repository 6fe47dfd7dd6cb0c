import { toolbarOf } from "../../shared/toolbar.ts";

type Facts = Parameters<typeof toolbarOf>[0];

/** MV3 has renamed it. */
const button = () => browser.action ?? browser.browserAction;

/** Shows on the toolbar's button how things stand. `trouble`: what the user asked for and did not get. */
export const showOnToolbar = async (facts: Facts, trouble?: string): Promise<void> => {
  const { icon, title } = toolbarOf(facts);
  await Promise.all([
    button().setIcon({ path: `/icons/${icon}.svg` }),
    button().setTitle({ title: trouble ?? title }),
    button().setBadgeText({ text: trouble === undefined ? "" : "!" }),
  ]);
};
