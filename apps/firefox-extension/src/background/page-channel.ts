import { FirefoxError } from "@baa/contracts/firefox";
import * as z from "zod/mini";
import type { FromPage, PageReply, ToPage } from "../shared/page-messages.ts";

const Message = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("chunk"), id: z.string(), from: z.int().check(z.gte(0)), text: z.string() }),
  z.object({
    kind: z.literal("ended"),
    id: z.string(),
    outcome: z.discriminatedUnion("ok", [
      z.object({ ok: z.literal(true), value: z.unknown() }),
      z.object({ ok: z.literal(false), error: FirefoxError }),
    ]),
  }),
]);

/** What a content script tells, or undefined: it runs beside the page's own scripts and is not trusted further. */
export const readFromPage = (message: unknown): FromPage | undefined => {
  const parsed = Message.safeParse(message);
  return parsed.success ? (parsed.data as FromPage) : undefined;
};

/** Asks the content script of a tab; undefined when none is there, or it went away. */
export const askPage = async (tabId: number, message: ToPage): Promise<PageReply | undefined> => {
  try {
    return (await browser.tabs.sendMessage(tabId, message, { frameId: 0 })) as PageReply | undefined;
  } catch {
    return undefined; // Firefox says the same of both in several ways
  }
};
