import { accessOf, type SiteRule, siteOf } from "@baa/contracts/firefox";
import { MethodFault } from "./methods/method.ts";

/** The operator's rules about sites, as conductor told them last. */
export class Sites {
  #rules: readonly SiteRule[] = [];
  readonly #waiting = new Set<() => void>();

  get rules(): readonly SiteRule[] {
    return this.#rules;
  }

  set(rules: readonly SiteRule[]): void {
    this.#rules = rules;
    for (const tell of this.#waiting) tell();
  }

  isAllowed(site: string): boolean {
    return accessOf(this.#rules, site) === "allowed";
  }

  /** @throws MethodFault no_site, site_not_allowed */
  readonly require = (url: string | undefined): void => {
    const site = siteOf(url ?? "");
    if (site === undefined) throw new MethodFault("no_site", "The tab shows no web page.");
    if (this.isAllowed(site)) return;
    throw new MethodFault("site_not_allowed", `The operator has not allowed ${site} for this browser.`, { site });
  };

  /** Resolves when conductor has told the rules again, with false when it does not in time. */
  told(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (isTold: boolean) => {
        clearTimeout(timer);
        this.#waiting.delete(tell);
        resolve(isTold);
      };
      const tell = () => settle(true);
      const timer = setTimeout(() => settle(false), timeoutMs);
      this.#waiting.add(tell);
    });
  }
}
