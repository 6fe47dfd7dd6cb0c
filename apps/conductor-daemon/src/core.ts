import path from "node:path";
import type { LinkState } from "@baa/client";
import type { UpstreamToken } from "@baa/http";
import { createId, type Logger } from "@baa/process";
import { CodexdFollower } from "./codex-link/follower.ts";
import type { CodexdLink } from "./codex-link/link.ts";
import { OpenWork } from "./codex-link/open-work.ts";
import { type Config, VERSION } from "./config.ts";
import { ControlService } from "./control/control-service.ts";
import { FirefoxBridge, type FirefoxBridgeOptions } from "./firefox/firefox-bridge.ts";
import { Deliveries } from "./hooks/deliveries.ts";
import { type DispatcherOptions, HookDispatcher } from "./hooks/dispatcher.ts";
import { HookService } from "./hooks/hook-service.ts";
import { HookSender, type SenderOptions } from "./hooks/sender.ts";
import { CodexdSource } from "./logs/codexd-source.ts";
import { LogIndex } from "./logs/log-index.ts";
import { ownSource } from "./logs/own-source.ts";
import { Outbox } from "./store/outbox.ts";
import { Replies } from "./store/replies.ts";
import { Store } from "./store/store.ts";

export interface CoreOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly link: CodexdLink;
  readonly token: UpstreamToken;
  readonly hooks: Pick<DispatcherOptions, "file" | "onAttempt"> & Pick<SenderOptions, "ownPorts">;
  /** Told of every command that a browser ended, and of every frame of theirs. */
  readonly firefox: Pick<FirefoxBridgeOptions, "onEnded" | "onFrame">;
  readonly onFatal: (error: Error) => void;
}

/** What only the leader has: the store, and everything that writes into it. */
export class Core {
  readonly store: Store;
  readonly outbox: Outbox;
  readonly openWork: OpenWork;
  readonly replies: Replies;
  readonly control: ControlService;
  readonly follower: CodexdFollower;
  readonly logs: LogIndex;
  readonly hooks: HookService;
  readonly deliveries: Deliveries;
  readonly firefox: FirefoxBridge;
  readonly #dispatcher: HookDispatcher;
  readonly #codexdLog: CodexdSource;
  readonly #o: CoreOptions;

  /** @throws DamagedFileError, NewerStoreError */
  static async open(o: CoreOptions): Promise<Core> {
    const store = await Store.open({
      path: path.join(o.config.stateDir, "conductor.sqlite"),
      holder: `${o.config.node} pid ${process.pid}`,
      now: nowText,
      onFatal: o.onFatal,
    });
    try {
      return new Core(store, o);
    } catch (error) {
      store.close();
      throw error;
    }
  }

  private constructor(store: Store, o: CoreOptions) {
    const { config, logger, link, token } = o;
    this.#o = o;
    this.store = store;
    this.outbox = new Outbox(store, { newLogId: () => createId("out_") });
    this.openWork = new OpenWork(store);
    this.replies = new Replies(store, Date.now);
    const { outbox, openWork } = this;
    this.control = new ControlService({
      store,
      outbox,
      openWork,
      nowMs: Date.now,
      onExpiryFault: (err) =>
        logger.warn({ event: "control.expiryFailed", err }, "a reason that ran out stays in the store"),
    });
    this.follower = new CodexdFollower({
      store,
      outbox,
      openWork,
      link,
      token,
      baseUrl: config.codexd.baseUrl,
      eventStreamPath: config.codexd.eventStreamPath,
      logger,
      now: nowText,
    });
    this.#codexdLog = new CodexdSource({
      baseUrl: config.codexd.baseUrl,
      link,
      token,
      taken: () => this.follower.place,
    });
    this.logs = new LogIndex([this.#codexdLog, ownSource(outbox)]);
    this.deliveries = new Deliveries(store, { newId: () => createId("dlv_"), nowMs: Date.now });
    const { deliveries } = this;
    const { file, ownPorts, onAttempt } = o.hooks;
    this.#dispatcher = new HookDispatcher({
      store,
      outbox,
      deliveries,
      file,
      sender: new HookSender({ ownPorts, version: VERSION, nowMs: Date.now }),
      logger,
      nowMs: Date.now,
      random: Math.random,
      onAttempt,
    });
    this.hooks = new HookService({ store, outbox, deliveries, file, dispatcher: this.#dispatcher, now: nowText });
    const resultsDir = path.join(config.stateDir, "firefox");
    const { heartbeatMs } = config.firefox;
    const parts = { store, outbox, resultsDir, heartbeatMs, logger, newId: createId };
    this.firefox = new FirefoxBridge({ ...o.firefox, ...parts, ...TIME });
    link.onChange((state) => this.#noteLink(state));
  }

  start(): void {
    const { node } = this.#o.config;
    this.store.write(() =>
      this.outbox.append({ at: nowText(), type: "conductor.leading", data: { fence: this.store.fence, node } }),
    );
    this.#noteLink(this.#o.link.state);
    this.control.start();
    this.#dispatcher.start();
    this.firefox.start();
    this.follower.start();
  }

  async stop(): Promise<void> {
    this.control.stop();
    this.firefox.stop();
    await this.follower.stop();
    await this.#codexdLog.close();
    await this.#dispatcher.stop();
  }

  close(): void {
    this.store.close();
  }

  #noteLink(state: LinkState): void {
    if (state.kind === "unknown") return;
    const data = state.kind === "down" ? { since: state.since, reason: state.reason } : { since: state.since };
    try {
      this.store.write(() => this.outbox.append({ at: nowText(), type: `codexd.${state.kind}`, data }));
    } catch (err) {
      // The state itself is not lost: /v1/runtime says it, and the next change is told again.
      this.#o.logger.warn({ event: "outbox.appendFailed", err }, "a change of the link to codexd was not told");
    }
  }
}

const TIME = { nowMs: Date.now, monoMs: () => performance.now() };
const nowText = (): string => new Date().toISOString();
