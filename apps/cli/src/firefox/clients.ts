import type { FirefoxClient } from "@baa/contracts";
import { BrowserInfo } from "@baa/contracts/firefox";
import type { Context } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";
import { shortId } from "../ids.ts";
import { safeText } from "../output/safe-text.ts";
import type { Style } from "../output/style.ts";
import { tableLines } from "../output/table.ts";
import { ago } from "../output/time.ts";
import { patiently } from "../patience.ts";
import { browserName, chooseBrowser, listBrowsers } from "./browsers.ts";
import { callerOf } from "./perform.ts";

/** `baa firefox clients` */
export const list = async (context: Context): Promise<ExitName> => {
  const { out } = context;
  const clients = await listBrowsers(await callerOf(context));
  await out.result({ clients }, tableLines(clientRows(clients, { style: out.style, now: Date.now() })));
  if (!out.json && clients.length === 0) out.note("no browser is paired. Pair one: baa firefox pair");
  return "ok";
};

const clientRows = (
  clients: readonly FirefoxClient[],
  { style, now }: { readonly style: Style; readonly now: number },
): string[][] =>
  clients.length === 0
    ? []
    : [
        ["ID", "NAME", "STATE", "SINCE", "TABS", "OPEN", "BROWSER"].map(style.dim),
        ...clients.map((client) => [
          shortId(client.id),
          safeText(client.name ?? "-"),
          stateOf(client, style),
          ago(client.since, now),
          String(client.tabs.length),
          String(client.openCommands),
          safeText(infoOf(client)),
        ]),
      ];

const stateOf = ({ state, isPaused }: FirefoxClient, style: Style): string => {
  if (state === "disconnected") return style.bad(state);
  return isPaused ? style.warn("paused by its user") : style.good(state);
};

const infoOf = ({ info }: FirefoxClient): string => {
  const parsed = BrowserInfo.safeParse(info);
  if (!parsed.success) return "";
  const { browser, os, extension, hasAllSites } = parsed.data;
  const lack = hasAllSites ? "" : ", without the permission for all sites";
  return `${browser} on ${os}, extension ${extension}${lack}`;
};

/** `baa firefox revoke` */
export const revoke = async (context: Context, given: string): Promise<ExitName> => {
  const caller = await callerOf(context);
  const client = chooseBrowser(await listBrowsers(caller), given);
  await patiently(context, (idempotencyKey) =>
    caller.conductor.revokeFirefoxClient({ params: { clientId: client.id }, idempotencyKey, signal: context.signal }),
  );
  const name = browserName(client);
  await context.out.result({ client }, [`${name} is revoked: its key opens nothing any more, and it is cut off`]);
  return "ok";
};
