import { WS_CLOSE } from "@baa/contracts";
import type { BrowserInfo } from "@baa/contracts/firefox";
import type { Outbox } from "../store/outbox.ts";
import type { FirefoxDesk, FirefoxLink, FirefoxPort } from "./bridge.ts";
import { BrowserPort, type PortOptions } from "./browser-port.ts";
import { type Tell, teller } from "./teller.ts";

export interface DeskOptions extends Omit<PortOptions, "onGone"> {
  readonly outbox: Outbox;
  readonly nowMs: () => number;
}

/** The browsers that are connected now, one connection each: the newest wins. */
export class Desk implements FirefoxDesk {
  readonly #o: DeskOptions;
  readonly #tell: Tell;
  readonly #ports = new Map<string, BrowserPort>();

  constructor(o: DeskOptions) {
    this.#o = o;
    this.#tell = teller(o);
    o.commands.onEnded(({ clientId, id }) => this.get(clientId)?.traffic.forget(id));
    o.sites.onChange((clientId) => this.get(clientId)?.tellSites());
    // Its user may have ended the pairing while we were away: then its journal is a new one, and says nothing of these.
    o.clients.onPairedAgain((clientId) => {
      const { commands, rows } = this.#o;
      const sent = rows.open(clientId).filter(({ effect, deliveries }) => effect === "write" && deliveries > 0);
      for (const { id } of sent) commands.apply(id, { kind: "revoked" });
    });
    // In the transaction that ends the pairing; the connection goes when it is on disk.
    o.clients.onRemove((clientId) => {
      const { store, commands, rows, sites, userEvents } = this.#o;
      for (const { id } of rows.open(clientId)) commands.apply(id, { kind: "revoked" });
      sites.removeAll(clientId);
      userEvents.removeAll(clientId);
      store.afterCommit(() => this.#revoke(clientId));
    });
  }

  get size(): number {
    return this.#ports.size;
  }

  get(clientId: string): BrowserPort | undefined {
    return this.#ports.get(clientId);
  }

  connectedIds(): string[] {
    return [...this.#ports.keys()];
  }

  connected({ clientId, info, link }: { clientId: string; info: BrowserInfo; link: FirefoxLink }): FirefoxPort {
    const nowMs = this.#o.nowMs();
    const port = new BrowserPort({ clientId, link, nowMs }, { ...this.#o, onGone: (gone) => this.#onGone(gone) });
    const { store, clients } = this.#o;
    if (clients.find(clientId) === undefined) {
      port.end(WS_CLOSE.revoked); // while its proof was looked at
      return port;
    }
    store.write(() => {
      clients.touch(clientId);
      clients.save(clientId, { info });
      this.#tell("firefox.connected", { clientId, connectionId: link.connectionId });
    });
    this.#ports.get(clientId)?.end(WS_CLOSE.superseded);
    this.#ports.set(clientId, port);
    return port;
  }

  #onGone({ clientId, connectionId }: BrowserPort): void {
    this.#ports.delete(clientId);
    const { store, clients } = this.#o;
    store.write(() => {
      clients.touch(clientId);
      this.#tell("firefox.disconnected", { clientId, connectionId });
    });
  }

  #revoke(clientId: string): void {
    this.#ports.get(clientId)?.end(WS_CLOSE.revoked);
    this.#ports.delete(clientId);
  }
}
