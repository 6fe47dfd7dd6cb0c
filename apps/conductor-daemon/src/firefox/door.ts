import { type BrowserInfo, randomSecret } from "@baa/contracts/firefox";
import type { Outbox } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import type { FirefoxDoor } from "./bridge.ts";
import { Clients } from "./clients.ts";
import { Pairings, type PairingsOptions } from "./pairings.ts";

export interface DoorOptions {
  readonly store: Store;
  readonly outbox: Outbox;
  readonly nowMs: () => number;
  readonly newId: (prefix: string) => string;
  /** For tests. */
  readonly newCode?: PairingsOptions["newCode"];
  readonly newKey?: () => string;
}

/** Who may connect, in the store. Keys and codes leave it in `keyOf`, `openCodes`, `pair` and a new pairing only. */
export class Door implements FirefoxDoor {
  readonly serverId: string;
  readonly pairings: Pairings;
  readonly clients: Clients;
  readonly #o: DoorOptions;

  constructor(o: DoorOptions) {
    this.#o = o;
    const { store, outbox, nowMs, newId, newCode } = o;
    this.pairings = new Pairings(store, {
      nowMs,
      newId: () => newId("pair_"),
      ...(newCode === undefined ? {} : { newCode }),
    });
    this.clients = new Clients(store, { outbox, nowMs });
    this.clients.onRemove((_, reason) => {
      if (reason === "revoked") this.pairings.closeLeft();
    });
    this.serverId = store.write(() => {
      const { database } = store;
      database.prepare("INSERT OR IGNORE INTO firefox_server (id, server_id) VALUES (1, ?)").run(newId("srv_"));
      return database.prepare("SELECT server_id FROM firefox_server").get<{ server_id: string }>()?.server_id ?? "";
    });
  }

  admits(origin: string): boolean {
    return this.clients.isEnrolled(origin) || this.pairings.isOpenFor(origin);
  }

  keyOf(clientId: string, origin: string): string | undefined {
    return this.clients.keyOf(clientId, origin);
  }

  openCodes(origin: string): { pairingId: string; code: string }[] {
    return this.pairings.openFor(origin).map(({ id, code }) => ({ pairingId: id, code }));
  }

  countWrongCode(): void {
    if (this.pairings.hasTypedCode()) this.#o.store.write(() => this.pairings.countWrong());
  }

  pair(o: { pairingId: string; clientId: string; origin: string; info: BrowserInfo }): string | undefined {
    const { pairingId, clientId, origin, info } = o;
    return this.#o.store.write(() => {
      const pairing = this.pairings.find(pairingId);
      if (pairing === undefined || (pairing.origin !== null && pairing.origin !== origin)) return undefined;
      const key = (this.#o.newKey ?? randomSecret)();
      const name = pairing.name ?? undefined;
      this.clients.enrol({ id: clientId, name, origin, key, info });
      this.pairings.use(pairing, origin);
      const data = { clientId, pairingId, kind: pairing.kind, ...(name === undefined ? {} : { name }) };
      this.#o.outbox.append({ at: new Date(this.#o.nowMs()).toISOString(), type: "firefox.paired", data });
      return key;
    });
  }

  settle(origin: string): void {
    if (this.pairings.isUnsettled(origin)) this.#o.store.write(() => this.pairings.settle(origin));
  }
}
