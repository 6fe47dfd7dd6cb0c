import { effectOf, FIREFOX_LIMITS, type FirefoxMethod, type SiteAdapter } from "@baa/contracts/firefox";
import type { PageReply, ToPage } from "../../shared/page-messages.ts";
import { type MethodContext, MethodFault } from "./method.ts";
import { type TargetTab, tabGone } from "./target-tab.ts";

/** File of the content script in the built extension. */
const CONTENT_SCRIPT = "content.js";
/** How long a page may take to say how a cancelled call ended. */
const CANCEL_MS = Math.min(3_000, FIREFOX_LIMITS.graceMs);

export interface PageCall {
  readonly method: FirefoxMethod;
  readonly params: Readonly<Record<string, unknown>>;
  readonly adapter?: SiteAdapter;
  /** For more than one call of a command. Default: the command's id. */
  readonly id?: string;
}

/**
 * Has the page of a tab do something, and waits for its reply. The page itself refuses when it belongs to another site
 * by then, so nothing is done to one that was not allowed.
 * @throws MethodFault permission_missing, tab_closed, page_error
 */
export const callPage = async (tab: TargetTab, call: PageCall, context: MethodContext): Promise<PageReply> => {
  const id = call.id ?? context.id;
  const { method, params, adapter } = call;
  const message: ToPage = {
    kind: "call",
    id,
    site: tab.site,
    method,
    params,
    ...(adapter === undefined ? {} : { adapter }),
  };
  throwIfAborted(context.signal);
  const effect = effectOf(method, params);
  const cancelled = cancelWhenAborted(tab.tabId, id, { effect, signal: context.signal });
  try {
    return await Promise.race([deliver(tab.tabId, message, { ...context, effect }), cancelled.isLate]);
  } finally {
    cancelled.dispose();
  }
};

/** As `callPage`, for what ends with its reply. @throws MethodFault as the page says */
export const askPage = async <T>(tab: TargetTab, call: PageCall, context: MethodContext): Promise<T> => {
  const reply = await callPage(tab, call, context);
  if (reply.kind !== "end") throw new MethodFault("internal", `The page answered ${call.method} with ${reply.kind}.`);
  if (!reply.outcome.ok) throw MethodFault.fromError(reply.outcome.error);
  return reply.outcome.value as T;
};

/** Puts the content script into the page; where it is already nothing happens. @throws MethodFault */
export const injectScript = async (tabId: number): Promise<void> => {
  try {
    await browser.scripting.executeScript({
      target: { tabId, frameIds: [0] },
      files: [CONTENT_SCRIPT],
      injectImmediately: true,
    });
  } catch (error) {
    throw injectionFault(error);
  }
};

/** Why no script came into a page, by what Firefox says of it. */
export const injectionFault = (error: unknown): MethodFault => {
  const message = error instanceof Error ? error.message : String(error);
  if (/permission/i.test(message)) {
    return new MethodFault(
      "permission_missing",
      "Firefox lets the extension into no page of this site: it is one of its own, or its user has taken the permission.",
    );
  }
  if (/invalid tab|no tab/i.test(message)) return new MethodFault("tab_not_found", "The tab is not there any more.");
  return new MethodFault("page_error", `The page takes no script: ${message}`);
};

export const throwIfAborted = (signal: AbortSignal): void => {
  if (signal.aborted) throw new MethodFault("cancelled", "It was cancelled before the page was asked.");
};

/** To the script that is there already, as far as is known: to put it in again takes longer than most calls. */
const deliver = async (tabId: number, message: ToPage, o: DeliveryOptions): Promise<PageReply> => {
  const { scripted, signal } = o;
  const known = scripted.has(tabId) ? await hand(tabId, message, o) : NOBODY;
  if (known !== NOBODY) return known;
  scripted.add(tabId); // before: it must not outlive a permission that is taken back meanwhile
  await injectScript(tabId).catch((fault: unknown) => {
    scripted.delete(tabId);
    throw fault;
  });
  throwIfAborted(signal);
  const reply = await hand(tabId, message, o);
  if (reply === NOBODY) throw tabGone("notDone");
  return reply;
};

type DeliveryOptions = Pick<MethodContext, "scripted" | "signal"> & { readonly effect: "read" | "write" };

/** No script of ours was in the page: nothing was done. */
const NOBODY = Symbol("nobody");

/**
 * Firefox says that nobody is there also of a page that went away while it did what it was told. A read can be asked
 * again then. A write is only told to a page that has just answered, and nobody knows what became of it when that goes.
 */
const hand = async (
  tabId: number,
  message: ToPage,
  { effect, signal }: DeliveryOptions,
): Promise<PageReply | typeof NOBODY> => {
  if (effect === "read") return send(tabId, message, effect);
  if ((await send(tabId, { kind: "ping" }, "read")) === NOBODY) return NOBODY;
  throwIfAborted(signal);
  const reply = await send(tabId, message, effect);
  if (reply === NOBODY) throw tabGone("unknown");
  return reply;
};

const send = async (tabId: number, message: ToPage, effect: "read" | "write"): Promise<PageReply | typeof NOBODY> => {
  let reply: unknown;
  try {
    reply = await browser.tabs.sendMessage(tabId, message, { frameId: 0 });
  } catch (error) {
    if (/receiving end does not exist/i.test(error instanceof Error ? error.message : String(error))) return NOBODY;
    throw tabGone(effect === "read" ? "notDone" : "unknown");
  }
  // Firefox answers with nothing when the page went away before its reply.
  if (reply === undefined) throw tabGone(effect === "read" ? "notDone" : "unknown");
  return reply as PageReply;
};

/** Tells the page of an abort; `isLate` rejects when it does not say in time how the call ended. */
const cancelWhenAborted = (
  tabId: number,
  id: string,
  { effect, signal }: { effect: "read" | "write"; signal: AbortSignal },
) => {
  let late: (fault: MethodFault) => void;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const isLate = new Promise<never>((_, reject) => (late = reject));
  isLate.catch(() => undefined); // nobody waits for it after the reply
  const onAbort = () => {
    void browser.tabs
      .sendMessage(tabId, { kind: "cancel", id } satisfies ToPage, { frameId: 0 })
      .catch(() => undefined); // the page is gone: so is the call
    timer = setTimeout(
      () =>
        late(
          new MethodFault("cancelled", "It was cancelled; the page has not said what it did.", {
            outcome: effect === "read" ? "notDone" : "unknown",
          }),
        ),
      CANCEL_MS,
    );
  };
  signal.addEventListener("abort", onAbort, { once: true });
  return {
    isLate,
    dispose: () => {
      signal.removeEventListener("abort", onAbort);
      clearTimeout(timer);
    },
  };
};
