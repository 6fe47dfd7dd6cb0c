import { type WsCloseCode } from "@baa/contracts";
import type { BrowserInfo, ClientFrame, ClientFrameOf, SiteLogin, SiteRule, Tab } from "@baa/contracts/firefox";
import { ProblemError } from "@baa/http";
import type { Store } from "../store/store.ts";
import type { FirefoxLink, FirefoxPort } from "./bridge.ts";
import type { Clients } from "./clients.ts";
import { CommandTraffic, type TrafficOptions } from "./command-traffic.ts";
import type { SiteRules } from "./site-rules.ts";
import type { UserEvents } from "./user-events.ts";

export interface PortOptions extends TrafficOptions {
  readonly store: Store;
  readonly clients: Clients;
  readonly sites: SiteRules;
  readonly userEvents: UserEvents;
  readonly onFrame: (type: ClientFrame["t"]) => void;
  /** The connection is gone, and no newer one has taken its place. */
  readonly onGone: (port: BrowserPort) => void;
}

/** Kept of what a browser reports: more than there are adapters and methods. */
const LOGINS_MAX = 64;
const METHODS_MAX = 128;

/** One connection of a browser: what it tells goes into the store, what is asked of it goes out. */
export class BrowserPort implements FirefoxPort {
  readonly clientId: string;
  readonly connectionId: string;
  readonly sinceMs: number;
  readonly traffic: CommandTraffic;
  readonly #o: PortOptions;
  readonly #link: FirefoxLink;
  #isOver = false;
  #isPaused = false;
  #tabs: Omit<ClientFrameOf<"tabs">, "t"> = { rev: -1, tabs: [] };

  constructor({ clientId, link, nowMs }: { clientId: string; link: FirefoxLink; nowMs: number }, o: PortOptions) {
    this.#o = o;
    this.#link = link;
    this.clientId = clientId;
    this.connectionId = link.connectionId;
    this.sinceMs = nowMs;
    this.traffic = new CommandTraffic(clientId, link, o);
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  get tabs(): readonly Tab[] {
    return this.#tabs.tabs;
  }

  sites(): SiteRule[] {
    return this.#o.sites.shared(this.clientId);
  }

  /** Commands wait until its journal has come, which is the first that a browser sends. */
  begin(): void {}

  onFrame(frame: ClientFrame): void {
    if (this.#isOver) return;
    this.#o.onFrame(frame.t);
    switch (frame.t) {
      case "journal":
        this.#save({ methods: frame.methods.slice(0, METHODS_MAX) });
        return this.traffic.begin(frame.ids);
      case "accepted":
        return this.traffic.onAccepted(frame.id);
      case "chunk":
        return this.traffic.onChunk(frame);
      case "part":
        return this.traffic.onPart(frame);
      case "result":
        return this.traffic.onResult(frame);
      default:
        return this.#onOther(frame);
    }
  }

  onClosed(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.traffic.close();
    this.#o.onGone(this);
  }

  /** Its rules have changed. */
  tellSites(): void {
    this.#link.send({ t: "sites", sites: this.sites() });
  }

  /** Closes it from our side; whatever still comes over it counts for nothing. */
  end(code: WsCloseCode): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.traffic.close();
    this.#link.close(code);
  }

  #onOther(frame: ClientFrame): void {
    const { store, clients, userEvents } = this.#o;
    switch (frame.t) {
      case "tabs":
        if (frame.rev >= this.#tabs.rev) this.#tabs = { rev: frame.rev, tabs: frame.tabs };
        return;
      case "state":
        this.#isPaused = frame.isPaused;
        return this.#save({ info: frame.info, logins: frame.logins.slice(0, LOGINS_MAX) });
      case "evt":
        store.write(() => userEvents.take(this.clientId, frame));
        return this.#link.send({ t: "evtAck", id: frame.id });
      case "site":
        return this.#decideSite(frame);
      case "unpair":
        return store.write(() => clients.revoke(this.clientId));
    }
  }

  #decideSite({ site, access }: ClientFrameOf<"site">): void {
    const { store, sites } = this.#o;
    try {
      const isNews = store.write(() => sites.decide({ clientId: this.clientId, site, access, by: "user" }));
      if (!isNews) this.tellSites(); // the popup waits for an answer
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== "invalid") throw error;
      this.tellSites(); // one rule too many: the popup shows what counts
    }
  }

  /** Stores what it says of itself, when that is news. */
  #save(said: { info?: BrowserInfo; methods?: readonly string[]; logins?: readonly SiteLogin[] }): void {
    const { store, clients } = this.#o;
    const known = clients.find(this.clientId);
    const isNews = (Object.keys(said) as (keyof typeof said)[]).some(
      (key) => JSON.stringify(said[key]) !== JSON.stringify(known?.[key]),
    );
    if (isNews) store.write(() => clients.save(this.clientId, said));
  }
}
