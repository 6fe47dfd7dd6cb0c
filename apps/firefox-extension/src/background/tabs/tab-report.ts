import type { ClientFrame, SiteRule } from "@baa/contracts/firefox";
import { tabView } from "./tab-view.ts";

/** Changes come in swarms. */
const SETTLE_MS = 200;

export interface TabReportOptions {
  readonly rules: () => readonly SiteRule[];
  /** A pause tells nothing of the tabs. */
  readonly isPaused: () => boolean;
  /** Sends it while there is a connection. */
  readonly send: (frame: ClientFrame) => void;
}

/** Tells conductor all tabs: at each welcome, and when something about them has changed. */
export class TabReport {
  readonly #o: TabReportOptions;
  /** Grows over all backgrounds of this browser, so that the newest counts. */
  #rev = Date.now();
  #last = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(o: TabReportOptions) {
    this.#o = o;
  }

  /** A new connection knows nothing. */
  begin(): void {
    this.#last = "";
    void this.#tell();
  }

  /** Something has changed, or may have. */
  changed(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#tell();
    }, SETTLE_MS);
  }

  async #tell(): Promise<void> {
    const rev = (this.#rev += 1);
    const open = this.#o.isPaused() ? [] : await browser.tabs.query({});
    if (rev !== this.#rev) return; // a newer look is under way
    const tabs = open.map((tab) => tabView(tab, this.#o.rules()));
    const text = JSON.stringify(tabs);
    if (text === this.#last) return;
    this.#last = text;
    this.#o.send({ t: "tabs", rev, tabs });
  }
}
