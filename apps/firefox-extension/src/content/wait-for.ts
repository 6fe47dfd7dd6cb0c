import type { FirefoxParams, FirefoxResult } from "@baa/contracts/firefox";
import { MethodFault } from "../shared/method-fault.ts";
import { waitUntil } from "./changes.ts";
import { findElements, isShown } from "./find-element.ts";

/** Waits until an element is there, is shown, or is not shown any more. @throws MethodFault selector_invalid, timeout, cancelled */
export const waitForElement = async (
  { selector, state, timeoutMs }: FirefoxParams<"page.waitFor">,
  signal: AbortSignal,
): Promise<FirefoxResult<"page.waitFor">> => {
  const startedAt = performance.now();
  const isSo = () => {
    const found = findElements(selector);
    if (state === "attached") return found.length > 0;
    return found.some(isShown) === (state === "visible");
  };
  const came = await waitUntil(() => (isSo() ? true : undefined), { timeoutMs, signal });
  if (came === true) return { waitedMs: Math.round(performance.now() - startedAt) };
  if (signal.aborted) throw new MethodFault("cancelled", "It was cancelled while it waited.");
  throw new MethodFault("timeout", `${selector} was not ${state} within ${timeoutMs} ms.`);
};
