import { type BrowserInfo, type ClientFrame, siteOf, type SiteLogin } from "@baa/contracts/firefox";

/** A page that has just loaded may still be finding out who its user is. */
const LOGINS_SETTLE_MS = 1_500;

export interface StateReportOptions {
  readonly isPaused: () => boolean;
  readonly info: () => Promise<BrowserInfo>;
  /** Looks at the open tabs of allowed sites. */
  readonly readLogins: () => Promise<SiteLogin[]>;
  readonly isAllowed: (site: string) => boolean;
  /** Sends it. @returns whether there is a connection. */
  readonly send: (frame: ClientFrame) => boolean;
}

/** Tells conductor of pause, permission and logins: at each welcome, and when one of them has changed. */
export class StateReport {
  readonly #o: StateReportOptions;
  #logins: readonly SiteLogin[] = [];
  #last = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(o: StateReportOptions) {
    this.#o = o;
  }

  /** A new connection knows nothing. */
  begin(): void {
    this.#last = "";
    void this.changed();
    this.#lookAtLogins();
  }

  /** Pause or permission may have changed. */
  async changed(): Promise<void> {
    const info = await this.#o.info();
    // Rules, and the conductor they come from, may be others than when it was looked. Without a tab nothing was seen.
    const logins = this.#logins.filter(({ site, tabId }) => tabId === undefined || this.#o.isAllowed(site));
    const frame: ClientFrame = { t: "state", isPaused: this.#o.isPaused(), logins, info };
    const text = JSON.stringify(frame);
    if (text !== this.#last && this.#o.send(frame)) this.#last = text;
  }

  /** A page has been loaded in a tab. */
  onLoaded(url: string | undefined): void {
    const site = siteOf(url ?? "");
    if (site !== undefined && this.#o.isAllowed(site)) this.#lookAtLogins();
  }

  /** What is allowed has changed. */
  onSites(): void {
    this.#lookAtLogins();
  }

  #lookAtLogins(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#o.isPaused()) return;
      this.#o.readLogins().then(
        (logins) => {
          this.#logins = logins;
          return this.changed();
        },
        () => undefined, // a tab went away under it; the next load looks again
      );
    }, LOGINS_SETTLE_MS);
  }
}
