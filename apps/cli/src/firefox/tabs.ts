import type { Tab } from "@baa/contracts/firefox";
import type { CommandOptions } from "../commands/firefox/options.ts";
import type { Context } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";
import { safeText } from "../output/safe-text.ts";
import type { Style } from "../output/style.ts";
import { oneLine, tableLines } from "../output/table.ts";
import { documentOf, perform } from "./perform.ts";

const TEXT_MAX = 60;

/** `baa firefox tabs` */
export const list = async (context: Context, o: CommandOptions): Promise<ExitName> => {
  const { out } = context;
  const asked = { client: o.client, ttlMs: o.timeout, method: "tabs.list" as const, params: {} };
  const performed = await perform(context, asked);
  const { tabs } = performed.value;
  await out.result(documentOf(performed), tableLines(tabRows(tabs, out.style)));
  if (!out.json && tabs.some(({ site, isAllowed }) => site !== undefined && !isAllowed)) {
    out.note("of sites that are not allowed no more is told: baa firefox sites allow <site>");
  }
  return "ok";
};

/** Rows of a list of tabs, with their heading. */
export const tabRows = (tabs: readonly Tab[], style: Style): string[][] =>
  tabs.length === 0
    ? []
    : [
        ["TAB", "", "SITE", "TITLE", "URL"].map(style.dim),
        ...tabs.map((tab) => [
          String(tab.id),
          tab.isActive ? style.good("active") : tab.isLoading ? style.dim("loads") : "",
          safeText(tab.site ?? "-"),
          titleOf(tab, style),
          oneLine(safeText(tab.url ?? ""), TEXT_MAX),
        ]),
      ];

/** A page of the browser's own has no site to allow, and tells nothing either. */
const titleOf = ({ site, isAllowed, title = "" }: Tab, style: Style): string =>
  site !== undefined && !isAllowed ? style.warn("not allowed") : oneLine(safeText(title), TEXT_MAX);

/** `baa firefox tabs focus|close|reload` */
export const change = async (
  context: Context,
  tabId: number,
  o: CommandOptions & { readonly method: "tabs.focus" | "tabs.close" | "tabs.reload"; readonly done: string },
): Promise<ExitName> => {
  const performed = await perform(context, { client: o.client, ttlMs: o.timeout, method: o.method, params: { tabId } });
  await context.out.result(documentOf(performed), [`${tabId} ${o.done}`]);
  return "ok";
};
