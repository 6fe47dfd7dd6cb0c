import { FIREFOX_METHOD_NAMES, FIREFOX_PROTOCOL, type FirefoxResult, type ServerFrameOf } from "@baa/contracts/firefox";
import { mayReach, readBrowserInfo } from "./browser-info.ts";
import { Commands, type Run } from "./commands/commands.ts";
import { History } from "./commands/history.ts";
import { Journal } from "./commands/journal.ts";
import type { AfterHandshake, Connection } from "./link/connection.ts";
import { Dialer } from "./link/dialer.ts";
import { probe } from "./link/probe.ts";
import { IN_PAGE_METHODS, methodRuns } from "./methods/index.ts";
import { askPage } from "./page-channel.ts";
import { Settings } from "./settings.ts";
import { Sites } from "./sites.ts";
import { StateReport } from "./state-report.ts";
import { randomHex, type Storage } from "./storage.ts";
import { TabReport } from "./tabs/tab-report.ts";
import { showOnToolbar } from "./user/toolbar-button.ts";
import { UserEvents } from "./user/user-events.ts";

/** Wakes an event page before Firefox would end it (30 s), and starts one again that was killed: so soon it is back. */
const AWAKE_ALARM = { name: "awake", periodInMinutes: 0.1 };
const PROBE_TIMEOUT_MS = 5_000;
const LOGINS_MS = 10_000;

/** All of the background, put together. Another one begins whenever Firefox starts the page again. */
export class Background {
  readonly settings: Settings;
  readonly sites = new Sites();
  readonly history = new History();
  readonly events: UserEvents;
  readonly dialer: Dialer;
  readonly commands: Commands;
  readonly tabs: TabReport;
  readonly state: StateReport;
  /** See MethodContext. */
  readonly scripted = new Set<number>();
  readonly run: Run = methodRuns({ rules: () => this.sites.rules, scripted: this.scripted });
  #ready: Promise<void> | undefined;
  /** What the toolbar's button tells now. */
  #onToolbar = "";

  constructor(storage: Storage) {
    this.settings = new Settings(storage);
    this.events = new UserEvents(storage.local);
    const isPaused = () => this.settings.isPaused;
    this.commands = new Commands({
      journal: new Journal(storage.local),
      history: this.history,
      run: this.run,
      inPage: IN_PAGE_METHODS,
      methods: FIREFOX_METHOD_NAMES,
      requireSite: this.sites.require,
      isPaused,
      askPage,
    });
    this.tabs = new TabReport({
      rules: () => this.sites.rules,
      isPaused,
      send: (frame) => this.dialer.connection?.send(frame),
    });
    this.state = new StateReport({
      isPaused,
      info: readBrowserInfo,
      readLogins: () => this.#readLogins(),
      isAllowed: (site) => this.sites.isAllowed(site),
      send: (frame) => {
        this.dialer.connection?.send(frame);
        return this.dialer.connection !== undefined;
      },
    });
    this.dialer = this.#makeDialer(storage);
  }

  /** What an earlier background left is read and judged. All that comes from outside waits for it. */
  ready(): Promise<void> {
    return (this.#ready ??= Promise.all([this.settings.load(), this.commands.start(), this.events.load()]).then(
      () => undefined,
    ));
  }

  /** Whatever wakes the background leads here. */
  async wake(): Promise<void> {
    await this.ready();
    this.dialer.ensureConnected();
    this.showState();
  }

  async setPaused(isPaused: boolean): Promise<void> {
    await this.settings.setPaused(isPaused);
    this.showState();
    this.tabs.changed();
    await this.state.changed();
  }

  async unpair(): Promise<void> {
    await this.dialer.unpair();
    await this.#forgetPairing();
  }

  /** `trouble`: what the user asked for and did not get. */
  showState(trouble?: string): void {
    const { isPaused, url, key } = this.settings;
    const facts = {
      connection: this.dialer.shows,
      isPaused,
      url,
      isPaired: key !== undefined,
      sites: this.sites.rules,
    };
    const shown = JSON.stringify([facts, trouble]);
    if (shown === this.#onToolbar) return; // whatever wakes the background comes here
    this.#onToolbar = shown;
    void showOnToolbar(facts, trouble);
  }

  #makeDialer(storage: Storage): Dialer {
    return new Dialer({
      settings: this.settings,
      session: storage.session,
      backgroundId: randomHex(),
      openSocket: (url) => new WebSocket(url, FIREFOX_PROTOCOL),
      probe: (url) =>
        probe(url, {
          fetch: (input, init) => fetch(input, init),
          mayReach,
          timeoutMs: PROBE_TIMEOUT_MS,
        }),
      info: readBrowserInfo,
      onOpen: (connection, welcome) => this.#onOpen(connection, welcome),
      onFrame: (frame) => this.#onFrame(frame),
      onClosed: ({ forgotten }) => {
        this.commands.disconnect();
        this.events.disconnect();
        if (forgotten) void this.#forgetPairing();
      },
      onChange: () => this.showState(),
      keepAwake: (isWanted) => {
        if (isWanted) void browser.alarms.create(AWAKE_ALARM.name, { periodInMinutes: AWAKE_ALARM.periodInMinutes });
        else void browser.alarms.clear(AWAKE_ALARM.name);
      },
    });
  }

  #onOpen(connection: Connection, { sites }: ServerFrameOf<"welcome">): void {
    this.sites.set(sites);
    this.commands.onSites();
    this.commands.connect(connection);
    this.state.begin();
    this.tabs.begin();
    void this.events.connect(connection);
  }

  #onFrame(frame: AfterHandshake): void {
    switch (frame.t) {
      case "ping":
        this.dialer.connection?.send({ t: "pong", n: frame.n });
        // No message of a socket keeps an event page alive, but a call to Firefox does.
        return void browser.runtime.getPlatformInfo();
      case "cmd":
        return this.commands.onCommand(frame);
      case "cancel":
        return this.commands.onCancel(frame);
      case "resync":
        return this.commands.onResync(frame);
      case "resultAck":
        return this.commands.onResultAck(frame);
      case "evtAck":
        return void this.events.acknowledge(frame.id);
      case "sites":
        this.sites.set(frame.sites);
        this.commands.onSites();
        this.tabs.changed();
        this.state.onSites();
        return this.showState();
    }
  }

  async #readLogins() {
    const context = {
      id: `own_${randomHex()}`,
      signal: AbortSignal.timeout(LOGINS_MS),
      emit: () => undefined,
      requireSite: this.sites.require,
      claimTab: () => Promise.resolve(),
    };
    const { sites } = (await this.run("sites.check", {}, context)) as FirefoxResult<"sites.check">;
    return sites;
  }

  /** What was begun for a conductor, or was meant for it, goes to no other. */
  async #forgetPairing(): Promise<void> {
    this.sites.set([]);
    await Promise.all([this.commands.forgetAll(), this.events.forgetAll()]);
  }
}
