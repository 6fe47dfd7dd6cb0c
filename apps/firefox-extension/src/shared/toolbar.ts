import type { SiteRule } from "@baa/contracts/firefox";
import { connectionWords, type ConnectionFacts } from "./connection-words.ts";

/** Names of the pictures in `icons/`, each `<name>.svg`. */
export type ToolbarIcon = "connected" | "away" | "unpaired" | "paused" | "attention";

/**
 * The toolbar's button: which icon, which tooltip. `attention` = the user is needed: a site was asked for, or the
 * connection will not come back by itself.
 *
 * Every icon brings its own ground, which stands out on light and on dark toolbars: Firefox offers `context-fill` to
 * Mozilla's own extensions only, and `theme_icons` not to icons that are set while it runs.
 */
export const toolbarOf = (
  facts: ConnectionFacts & { readonly isPaired: boolean; readonly sites: readonly SiteRule[] },
): { readonly icon: ToolbarIcon; readonly title: string } => {
  const asked = facts.sites.filter(({ access }) => access === "asked").length;
  const { title } = connectionWords(facts);
  const isOpen = facts.connection.kind === "connected";
  if (isOpen && !facts.isPaused && asked > 0) {
    const what = asked === 1 ? "1 site waits for your decision" : `${asked} sites wait for your decision`;
    return { icon: "attention", title: `Conductor: ${what}` };
  }
  return { icon: iconOf(facts), title: `Conductor: ${title.toLowerCase()}` };
};

const iconOf = ({ connection, isPaused, isPaired }: ConnectionFacts & { isPaired: boolean }): ToolbarIcon => {
  switch (connection.kind) {
    case "connected":
      return isPaused ? "paused" : "connected";
    case "notPaired":
      return "unpaired";
    case "connecting":
      if (connection.why === "keyRefused" || connection.why === "noPermission") return "attention";
      return isPaired ? "away" : "unpaired";
    default:
      return "attention";
  }
};
