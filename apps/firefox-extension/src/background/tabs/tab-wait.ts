import { MethodFault } from "../methods/method.ts";

type Change = Parameters<Parameters<typeof browser.tabs.onUpdated.addListener>[0]>[1];

export interface TabWait {
  readonly tabId: number;
  readonly signal: AbortSignal;
  /** After so long it is not waited for any more; that is no fault. */
  readonly atMostMs?: number;
  /** Looked at for each change, and once for the tab as it stands with an empty change. */
  readonly until: (change: Partial<Change>, tab: browser.tabs.Tab) => boolean;
}

/**
 * Waits for something to come true of a tab whose page was made to load.
 * @throws MethodFault tab_closed, and what the signal says; the page was made to load all the same: outcome `done`
 */
export const waitForTab = async ({ tabId, signal, atMostMs, until }: TabWait): Promise<void> => {
  const cleanups: (() => void)[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const onUpdated = (id: number, change: Partial<Change>, tab: browser.tabs.Tab) => {
        if (id === tabId && until(change, tab)) resolve();
      };
      const onRemoved = (id: number) => {
        if (id === tabId) reject(new MethodFault("tab_closed", "The tab was closed.", { outcome: "done" }));
      };
      const onAbort = () => reject(overtaken(signal.reason));
      browser.tabs.onUpdated.addListener(onUpdated);
      browser.tabs.onRemoved.addListener(onRemoved);
      signal.addEventListener("abort", onAbort, { once: true });
      const timer = atMostMs === undefined ? undefined : setTimeout(resolve, atMostMs);
      cleanups.push(
        () => browser.tabs.onUpdated.removeListener(onUpdated),
        () => browser.tabs.onRemoved.removeListener(onRemoved),
        () => signal.removeEventListener("abort", onAbort),
        () => clearTimeout(timer),
      );
      browser.tabs.get(tabId).then(
        (tab) => onUpdated(tabId, {}, tab),
        () => onRemoved(tabId),
      );
      if (signal.aborted) onAbort();
    });
  } finally {
    for (const cleanup of cleanups) cleanup();
  }
};

const overtaken = (reason: unknown): MethodFault => {
  const { code, message } =
    reason instanceof MethodFault ? reason : new MethodFault("cancelled", "It was told to stop.");
  return new MethodFault(code, `${message} The tab was told to load the page.`, { outcome: "done" });
};
