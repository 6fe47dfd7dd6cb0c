import type { FirefoxClient, FirefoxSite, SetFirefoxSite } from "@baa/contracts";
import { isOpenCommand } from "@baa/contracts/firefox";
import { ProblemError } from "@baa/http";
import type { Logger } from "@baa/process";
import type { Outbox } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import { after, type After } from "./after.ts";
import { clientView, sitesView } from "./client-view.ts";
import { CommandRequests } from "./command-requests.ts";
import { CommandRows } from "./command-rows.ts";
import { Commands } from "./commands.ts";
import { Deadlines } from "./deadlines.ts";
import { Desk } from "./desk.ts";
import { Door } from "./door.ts";
import { FirefoxServer } from "./firefox-server.ts";
import { Garbage } from "./garbage.ts";
import { ResultFiles } from "./result-files.ts";
import { SiteRules } from "./site-rules.ts";
import { UserEvents } from "./user-events.ts";
import { Waiters } from "./waiters.ts";

export interface FirefoxBridgeOptions {
  readonly store: Store;
  readonly outbox: Outbox;
  /** Where long results go; private to us. */
  readonly resultsDir: string;
  /** How often a browser is pinged; default 15,000. */
  readonly heartbeatMs?: number;
  readonly logger: Logger;
  readonly nowMs: () => number;
  readonly monoMs: () => number;
  /** For tests; Node's timers by default. */
  readonly after?: After;
  readonly newId: (prefix: string) => string;
  /** Told of every command that ended, and of every frame that came. */
  readonly onEnded: (method: string, state: string) => void;
  readonly onFrame: (type: string) => void;
}

/** The Firefox bridge: the door, the desk behind it, and what callers ask. */
export class FirefoxBridge {
  readonly door: Door;
  readonly desk: Desk;
  readonly server: FirefoxServer;
  readonly requests: CommandRequests;
  readonly #sites: SiteRules;
  readonly #rows: CommandRows;
  readonly #deadlines: Deadlines;
  readonly #garbage: Garbage;
  readonly #store: Store;
  readonly #commands: Commands;
  readonly #logger: Logger;

  /** @throws PermissionFault */
  constructor(o: FirefoxBridgeOptions) {
    const { store, outbox, logger, nowMs, newId } = o;
    this.#store = store;
    this.#logger = logger;
    const rows = new CommandRows(store, { nowMs });
    const sites = new SiteRules(store, { outbox, nowMs });
    const commands = new Commands({ store, outbox, rows, sites, nowMs });
    const userEvents = new UserEvents(store, { outbox, nowMs });
    const files = new ResultFiles(o.resultsDir);
    const waiters = new Waiters();
    this.door = new Door({ store, outbox, nowMs, newId });
    const { clients } = this.door;
    this.#rows = rows;
    this.#sites = sites;
    this.#commands = commands;
    this.#deadlines = this.#deadlinesOf(o);
    const deadlines = this.#deadlines;
    const { onFrame } = o;
    const stores = { store, outbox, rows, sites, userEvents, files, clients };
    const parts = { ...stores, commands, deadlines, logger, nowMs, after: o.after ?? after };
    this.desk = new Desk({ ...parts, onFrame });
    this.server = new FirefoxServer({
      door: this.door,
      desk: this.desk,
      logger,
      ...(o.heartbeatMs === undefined ? {} : { limits: { heartbeatMs: o.heartbeatMs } }),
    });
    this.requests = new CommandRequests({ ...parts, desk: this.desk, waiters, newId: () => newId("cmd_") });
    this.#garbage = new Garbage(parts);
    commands.onEnded(({ id, method, state, resultChars }) => {
      deadlines.clear(id);
      waiters.wake(id);
      this.#garbage.noteResult(resultChars);
      o.onEnded(method, state);
    });
    this.#garbage.recover();
  }

  start(): void {
    this.#deadlines.start();
    this.#garbage.start();
  }

  stop(): void {
    this.#deadlines.stop();
    this.#garbage.stop();
  }

  /** Of all browsers. */
  get openCommands(): number {
    return this.#rows.open().length;
  }

  clients(): FirefoxClient[] {
    return this.door.clients.list().map((client) => this.client(client.id));
  }

  /** @throws ProblemError firefox_client_not_found */
  client(id: string): FirefoxClient {
    const client = this.door.clients.find(id);
    if (client === undefined) throw new ProblemError("firefox_client_not_found");
    return clientView(client, { port: this.desk.get(id), openCommands: this.#rows.openCount(id) });
  }

  /** @throws ProblemError firefox_client_not_found */
  sites(clientId: string | undefined): { sites: FirefoxSite[]; nextCursor: null } {
    const { clients } = this.door;
    const meant = clientId === undefined ? clients.list() : [clients.find(clientId)];
    const sites = meant.flatMap((client) => {
      if (client === undefined) throw new ProblemError("firefox_client_not_found");
      return sitesView(client.id, this.#sites.list(client.id), client.logins);
    });
    return { sites, nextCursor: null };
  }

  /**
   * Only inside `Store.write`. The operator decides about a site; what is returned are the sites of that browser.
   * @throws ProblemError firefox_client_not_found, client_ambiguous, invalid
   */
  setSite({ clientId, site, access }: SetFirefoxSite, by: string): { sites: FirefoxSite[]; nextCursor: null } {
    const ids = this.door.clients.list().map(({ id }) => id);
    if (clientId === undefined && ids.length > 1) {
      throw new ProblemError("client_ambiguous", undefined, { extra: { clients: ids } });
    }
    const [meant] = clientId === undefined ? ids : ids.filter((id) => id === clientId);
    if (meant === undefined) throw new ProblemError("firefox_client_not_found");
    this.#sites.decide({ clientId: meant, site, access: access === "forget" ? null : access, by });
    return this.sites(meant);
  }

  /** Those of the commands that were open when conductor ended run on; they pass from `start` on. */
  #deadlinesOf(o: FirefoxBridgeOptions): Deadlines {
    const { monoMs, nowMs } = o;
    const deadlines = new Deadlines({
      monoMs,
      after: o.after ?? after,
      onDeadline: (id) => {
        const clientId = this.#rows.head(id)?.client_id;
        const step = this.#store.write(() => this.#commands.apply(id, { kind: "deadline" }));
        if (step?.tellBrowser !== undefined && clientId !== undefined) {
          this.desk.get(clientId)?.traffic.tellCancel(id);
        }
        return step !== undefined && isOpenCommand(step.state);
      },
      onGraceOver: (id) => void this.#store.write(() => this.#commands.apply(id, { kind: "grace is over" })),
      onFault: (err) =>
        this.#logger.warn({ event: "firefox.deadlineFailed", err }, "the end of a command's time could not be noted"),
    });
    for (const { id, created_ms: createdMs, deadline_ms: deadlineMs } of this.#rows.open()) {
      deadlines.set(id, Math.min(Math.max(deadlineMs - nowMs(), 0), deadlineMs - createdMs));
    }
    return deadlines;
  }
}
