import type { FirefoxMethod, SiteRule } from "@baa/contracts/firefox";
import type { Run } from "../commands/commands.ts";
import type { InPageRunner, MethodRunner } from "./method.ts";
import { PAGE_METHODS } from "./page-methods.ts";
import { TabMethods } from "./tabs.ts";

type Runners = { readonly [M in FirefoxMethod]: MethodRunner<M> | InPageRunner<M> };

/** Methods that a page goes on with by itself, whatever becomes of the background. */
export const IN_PAGE_METHODS: ReadonlySet<string> = new Set<FirefoxMethod>(["chat.send"]);

/** How each method is done. `rules`: as conductor told them last. `scripted`: see MethodContext. */
export const methodRuns = (o: { rules: () => readonly SiteRule[]; scripted: Set<number> }): Run => {
  const { scripted } = o;
  const tabs = new TabMethods(o.rules);
  const runners: Runners = {
    "tabs.list": tabs.list,
    "tabs.open": tabs.open,
    "tabs.focus": tabs.focus,
    "tabs.close": tabs.close,
    "tabs.reload": tabs.reload,
    ...PAGE_METHODS,
  };
  // Each takes the parameters of its own method, which are parsed.
  return (method, params, context) =>
    (runners[method] as MethodRunner<FirefoxMethod>)(params as never, { ...context, scripted });
};
