import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CODEX_PREFIX, CODEX_ROUTES, CONDUCTOR_OWN_ROUTES, CONDUCTOR_ROUTES, SCOPES } from "@baa/contracts";
import { FIREFOX_PATH } from "@baa/contracts/firefox";
import {
  CONDUCTOR_SURFACES,
  createServer,
  type CredentialSource,
  type HttpServer,
  Listeners,
  tokenFile,
  tokenList,
  UpstreamToken,
} from "@baa/http";
import { createLifecycle, type Lifecycle, type Logger, systemClock } from "@baa/process";
import {
  acquireLock,
  DamagedFileError,
  ensurePrivateDir,
  ensurePrivateToken,
  type Lock,
  LockHeldError,
  probeLock,
} from "@baa/storage";
import { CodexForwarding } from "./codex-link/forwarding.ts";
import { type CodexdLink, createCodexdLink } from "./codex-link/link.ts";
import { type Config, VERSION } from "./config.ts";
import { Core } from "./core.ts";
import { eventSource, firefoxEventSource } from "./http/event-source.ts";
import { createHandlers } from "./http/handlers.ts";
import { firefoxSockets } from "./firefox/firefox-server.ts";
import { type ConductorMetrics, createConductorMetrics } from "./metrics.ts";
import { HooksFile } from "./hooks/hooks-file.ts";
import { readOpenApi } from "./openapi-file.ts";
import { Readiness } from "./readiness.ts";
import { capabilitiesDocument, runtimeDocument, type RuntimeSources } from "./runtime.ts";
import { ensureSharedToken } from "./secrets.ts";
import { NewerStoreError } from "./store/migrations.ts";

/** Milliseconds for closing the HTTP face: readers get their `bye`, requests in flight their reply. */
const HTTP_STOP_MS = 5_000;
/** For everything together; below the ExitTimeOut of 30 s in our plists. */
const STOP_BUDGET_MS = 14_000;
/** How often a standby looks whether the lead is free. */
const LEAD_POLL_MS = 500;

export interface ConductorOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** The store cannot be used any more; only a new start can mend that. */
  readonly onFatal: (error: Error) => void;
}

/** The daemon, assembled. `start` resolves when it serves; a standby may begin to lead later. */
export class Conductor {
  readonly #o: ConductorOptions;
  readonly #readiness = new Readiness();
  readonly #link: CodexdLink;
  readonly #token: UpstreamToken;
  readonly #forwarding: CodexForwarding;
  readonly #metrics: ConductorMetrics;
  readonly #lifecycle: Lifecycle;
  readonly #stop = new AbortController();
  readonly #startedAt = new Date().toISOString();
  readonly #listeners: Listeners;
  readonly #hooksFile: HooksFile;
  #lock: Lock | undefined;
  #server: HttpServer | undefined;
  #standing: Promise<void> | undefined;

  constructor(o: ConductorOptions) {
    this.#o = o;
    const { config, logger } = o;
    const { baseUrl, eventStreamPath, tokenFile: file } = config.codexd;
    this.#link = createCodexdLink({ baseUrl, logger, now: () => new Date().toISOString() });
    this.#token = new UpstreamToken(file);
    this.#forwarding = new CodexForwarding({ baseUrl, eventStreamPath, link: this.#link, token: this.#token });
    this.#hooksFile = new HooksFile({
      path: config.hooks.file,
      mustExist: config.hooks.mustExist,
      nowMs: () => performance.now(),
      onFault: (err) =>
        logger.error({ event: "hooks.unreadable", err }, "the hooks file is wrong; the hooks before its change count"),
    });
    this.#metrics = createConductorMetrics({
      readiness: this.#readiness,
      hookIds: () => this.#hooksFile.targets().map(({ id }) => id),
      link: this.#link,
      openStreams: () => this.#forwarding.openStreams,
    });
    this.#listeners = new Listeners({ name: "conductor", logger });
    this.#lifecycle = createLifecycle({
      logger,
      stopBudgetMs: STOP_BUDGET_MS,
      components: [
        { name: "lead", start: () => this.#leadOrWait(), stop: () => this.#leave() },
        { name: "http", start: () => this.#listen(), stop: () => this.#closeHttp() },
        { name: "link", start: async () => this.#begin(), stop: () => this.#end() },
      ],
    });
  }

  /**
   * Throws ConfigError, PermissionFault, TokenFileError, AllowedHostError (configuration), LockHeldError or
   * PortBusyError; damaged data is no reason not to start.
   */
  start(): Promise<void> {
    return this.#lifecycle.start();
  }

  /** What follows first, then the HTTP face, then the store, last the lock. Every call returns the same promise. */
  stop(reason: string): Promise<void> {
    this.#readiness.isStopping = true;
    this.#stop.abort();
    return this.#lifecycle.stop(reason);
  }

  async #leadOrWait(): Promise<void> {
    ensureSharedToken(this.#o.config);
    this.#hooksFile.load();
    if (this.#o.config.role === "primary") await this.#lead();
  }

  /** @throws LockHeldError, PermissionFault */
  async #lead(): Promise<void> {
    const { config, logger, onFatal } = this.#o;
    ensurePrivateDir(config.stateDir);
    this.#lock = acquireLock(path.join(config.stateDir, "lock"), { holder: `conductor --role ${config.role}` });
    ensurePrivateToken(config.statusTokenFile);
    this.#readiness.leads = true;
    try {
      const hooks = {
        file: this.#hooksFile,
        ownPorts: () => this.#ownPorts(),
        onAttempt: this.#metrics.onHookAttempt,
      };
      const { firefox } = this.#metrics;
      const [link, token] = [this.#link, this.#token];
      this.#readiness.core = await Core.open({ config, logger, link, token, hooks, firefox, onFatal });
      logger.info({ event: "leading", fence: this.#readiness.core.store.fence }, "this conductor leads");
    } catch (error) {
      if (!(error instanceof DamagedFileError) && !(error instanceof NewerStoreError)) throw error;
      const { file, fault, help } = error;
      this.#readiness.damage = { file, fault, help };
      logger.error({ event: "storage.damaged", file, fault, help }, "stored data cannot be used; writes are refused");
    }
  }

  async #listen(): Promise<void> {
    const server = this.#createServer();
    this.#server = server;
    await this.#listeners.start(server, this.#o.config.listen);
  }

  /** Of our services on this machine, as configured and as they listen. */
  #ownPorts(): ReadonlySet<number> {
    const { hooks, listen } = this.#o.config;
    const now = this.#server?.addresses() ?? [];
    return new Set([...hooks.ownPorts, ...[...listen, ...now].map(({ port }) => port)]);
  }

  #createServer(): HttpServer {
    const { config, logger } = this.#o;
    const readiness = this.#readiness;
    const sources: RuntimeSources = {
      config,
      readiness,
      link: this.#link,
      startedAt: this.#startedAt,
      listeners: () => this.#listeners.view(),
    };
    const { credentials, publicHosts } = this.#credentials();
    return createServer({
      routes: CONDUCTOR_OWN_ROUTES,
      handlers: createHandlers({
        readiness,
        runtime: (full) => runtimeDocument(sources, full),
        capabilities: () => capabilitiesDocument(sources, new Date().toISOString()),
        metrics: () => this.#metrics.reply(),
        openapi: readOpenApi,
      }),
      feeds: {
        events: eventSource(() => readiness.core),
        firefoxEvents: firefoxEventSource(() => readiness.core),
      },
      sockets: {
        [FIREFOX_PATH]: firefoxSockets({
          leading: () => readiness.leading().firefox.server,
          now: () => readiness.core?.firefox.server,
        }),
      },
      forwarding: this.#forwarding,
      admit: (row) => readiness.admit(row, isRead(row)),
      notFoundHint: (asked) => (asked.startsWith(`${CODEX_PREFIX}/runs`) ? RUNS_HINT : undefined),
      guard: {
        surfaces: CONDUCTOR_SURFACES,
        allowedHosts: config.allowedHosts,
        credentials,
        // Without a core nobody gets in either: `admit` says why, as it does of every other address.
        admits: (origin) => readiness.core?.firefox.door.admits(origin) ?? true,
        ...(publicHosts === undefined ? {} : { publicHosts }),
        onReject: (reject) => this.#metrics.refused.inc({ code: reject.code }),
      },
      logger,
      version: VERSION,
      clock: systemClock,
      onServed: (served) => this.#metrics.onServed(served),
    });
  }

  #credentials(): {
    credentials: CredentialSource[];
    publicHosts?: { hosts: string[]; credentials: CredentialSource[] };
  } {
    const { config, logger } = this.#o;
    const onError = (err: unknown): void =>
      logger.error({ event: "tokens.unreadable", err }, "a token file cannot be read; its tokens are refused");
    const list = (kind: "own" | "public"): CredentialSource => tokenList({ path: config.tokensFile, kind, onError });
    const shared = tokenFile({ path: config.sharedTokenFile, id: "shared", scopes: SCOPES, onError });
    const status = tokenFile({
      path: config.statusTokenFile,
      id: "status-api",
      scopes: ["read"],
      mayBeMissing: true, // on standby
      onError,
    });
    const credentials = [shared, status, list("own")];
    if (config.publicHost === undefined) return { credentials };
    return { credentials, publicHosts: { hosts: [config.publicHost], credentials: [list("public")] } };
  }

  #begin(): void {
    this.#link.start();
    this.#readiness.core?.start();
    if (!this.#readiness.leads) this.#standing = this.#waitForLead();
  }

  /** A standby opens nothing until nobody leads. */
  async #waitForLead(): Promise<void> {
    const { config, logger } = this.#o;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await delay(LEAD_POLL_MS, undefined, { signal }).catch(() => undefined); // aborted: the loop sees it
      if (signal.aborted) return;
      try {
        if (probeLock(path.join(config.stateDir, "lock")).state === "held") continue;
        await this.#lead();
        this.#readiness.core?.start();
        return;
      } catch (error) {
        this.#readiness.leads = false;
        if (error instanceof LockHeldError) continue; // another standby was faster
        logger.error({ event: "lead.failed", err: error }, "the lead could not be taken; it is tried again");
        this.#lock?.release();
      }
    }
  }

  async #end(): Promise<void> {
    await this.#standing;
    await this.#link.stop();
    await this.#readiness.core?.stop();
  }

  async #closeHttp(): Promise<void> {
    await this.#server?.stop(HTTP_STOP_MS);
    await this.#forwarding.close();
  }

  async #leave(): Promise<void> {
    this.#readiness.core?.close();
    this.#lock?.release();
  }
}

const RUNS_HINT = "codexd's runs are not served here; start a turn in a session, or ask codexd itself";

const isRead = (row: string): boolean => {
  const routes: Readonly<Record<string, { method: string }>> = { ...CONDUCTOR_ROUTES, ...CODEX_ROUTES };
  return routes[row]?.method === "GET";
};
