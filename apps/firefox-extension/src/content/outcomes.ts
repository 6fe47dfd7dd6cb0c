import type { FirefoxMethod } from "@baa/contracts/firefox";
import { MethodFault } from "../shared/method-fault.ts";
import type { PageReply } from "../shared/page-messages.ts";

/** What only looks at the page. `page.fetch` says itself what became of it. */
const LOOKS: ReadonlySet<FirefoxMethod> = new Set([
  "page.info",
  "page.text",
  "page.html",
  "page.waitFor",
  "sites.check",
]);

/** The end of a call that failed. What is no fault of ours came from the page while it was worked on. */
export const failed = (error: unknown, call: { readonly method: FirefoxMethod }): PageReply => ({
  kind: "end",
  outcome: { ok: false, error: faultOf(error, LOOKS.has(call.method) ? "notDone" : "unknown").toError() },
});

export const faultOf = (error: unknown, outcome: MethodFault["outcome"]): MethodFault => {
  if (error instanceof MethodFault) return error;
  return new MethodFault("page_error", error instanceof Error ? error.message : String(error), { outcome });
};
