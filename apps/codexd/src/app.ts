import path from "node:path";
import { CODEXD_ROUTES, SCOPES } from "@baa/contracts";
import {
  CODEXD_SURFACES,
  createServer,
  type CredentialSource,
  type HttpServer,
  type StoredDamage,
  tokenFile,
} from "@baa/http";
import { createId, createLifecycle, type Lifecycle, type Logger, systemClock } from "@baa/process";
import { acquireLock, DamagedFileError, ensurePrivateDir, type Lock, LogDamagedError } from "@baa/storage";
import type { Config } from "./config.ts";
import { Core } from "./core.ts";
import { coresOf } from "./http/cores.ts";
import { eventSource } from "./http/event-source.ts";
import { createHandlers } from "./http/handlers.ts";
import { CheckpointMismatchError } from "./journal/checkpoints.ts";
import { createCodexdMetrics } from "./metrics.ts";
import { readOpenApi } from "./openapi-file.ts";
import { loadPolicy, type Policy } from "./policy.ts";
import { Readiness } from "./readiness.ts";
import { Identity } from "./runtime/identity.ts";
import { ensureToken } from "./runtime/secrets.ts";
import { statusDocument } from "./status.ts";

/** Milliseconds for closing the HTTP face: readers get their `bye`, requests in flight their reply. */
const HTTP_STOP_MS = 5000;
/** For everything together; below the ExitTimeOut of 30 s in our plists. */
const STOP_BUDGET_MS = 14_000;

export interface CodexdOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** Storage failed in a way that only a new start from disk can mend (exit 74). */
  readonly onFatal: (error: Error) => void;
}

/** The daemon, assembled. `start` resolves when it serves; the child comes up meanwhile. */
export class Codexd {
  readonly #options: CodexdOptions;
  readonly #readiness = new Readiness();
  readonly #metrics = createCodexdMetrics(this.#readiness);
  readonly #lifecycle: Lifecycle;
  #lock: Lock | undefined;
  #policy: Policy | undefined;
  #credential: CredentialSource | undefined;
  #server: HttpServer | undefined;

  constructor(options: CodexdOptions) {
    this.#options = options;
    this.#lifecycle = createLifecycle({
      logger: options.logger,
      stopBudgetMs: STOP_BUDGET_MS,
      components: [
        { name: "state", start: async () => this.#openState(), stop: async () => this.#lock?.release() },
        { name: "core", start: () => this.#openCore(), stop: async () => this.#readiness.core?.close() },
        { name: "http", start: () => this.#listen(), stop: async () => this.#server?.stop(HTTP_STOP_MS) },
        {
          name: "child",
          start: async () => this.#readiness.core?.start(),
          stop: async () => this.#readiness.core?.stop(),
        },
      ],
    });
  }

  /** Where it listens, once started. */
  get address(): string {
    return this.#server?.address().url ?? "";
  }

  /**
   * Throws ConfigError, PermissionFault (wrong mode or owner), LockHeldError or PortBusyError; damaged
   * data is no reason not to start: it serves, says so, and refuses writes.
   */
  start(): Promise<void> {
    return this.#lifecycle.start();
  }

  /** The child first, then the HTTP face, then the log, last the lock. Every call returns the same promise. */
  stop(reason: string): Promise<void> {
    this.#readiness.isStopping = true;
    return this.#lifecycle.stop(reason);
  }

  /** Directories, policy, lock and token: whatever is wrong with them is said before anything is written. */
  #openState(): void {
    const { config } = this.#options;
    for (const dir of [config.stateDir, config.logsDir]) ensurePrivateDir(dir);
    this.#policy = loadPolicy(config.policyFile);
    this.#lock = acquireLock(path.join(config.stateDir, "lock"), { holder: "codexd start" });
    this.#credential = tokenFile({ path: ensureToken(config.stateDir), id: "codexd", scopes: SCOPES });
  }

  async #openCore(): Promise<void> {
    const { config, logger, onFatal } = this.#options;
    const policy = this.#policy as Policy;
    try {
      this.#readiness.core = await Core.open({ config, policy, logger, metrics: this.#metrics, onFatal });
    } catch (error) {
      this.#readiness.damage = damageOf(error);
      logger.error(
        { event: "storage.damaged", ...this.#readiness.damage },
        "stored data is damaged; writes are refused",
      );
    }
  }

  async #listen(): Promise<void> {
    const { config, logger } = this.#options;
    const readiness = this.#readiness;
    const identity = this.#openIdentity();
    this.#server = createServer({
      routes: CODEXD_ROUTES,
      handlers: createHandlers({
        readiness,
        status: (full) => statusDocument({ config, readiness, identity, full }),
        metrics: () => this.#metrics.reply(),
        openapi: readOpenApi,
      }),
      feeds: { events: eventSource(() => readiness.core) },
      webSocketPaths: { [config.eventStreamPath]: "events" },
      // Without a log there is no stream: a reader told of an empty one would throw its cursor away.
      admit: (row) => void (isStream(row) && coresOf(readiness).core()),
      guard: {
        surfaces: CODEXD_SURFACES,
        credentials: [this.#credential as CredentialSource],
        onReject: (reject) => this.#metrics.refused.inc({ code: reject.code }),
      },
      logger,
      version: config.version,
      clock: systemClock,
      onServed: (served) => this.#metrics.onServed(served),
    });
    await this.#server.start({ host: config.host, port: config.port });
    identity.listening(this.address);
    logger.info({ event: "listening", address: this.address }, `codexd listens at ${this.address}`);
  }

  #openIdentity(): Identity {
    const { config } = this.#options;
    const o = {
      newId: () => createId("cxd_"),
      now: new Date().toISOString(),
      version: config.version,
      pid: process.pid,
    };
    try {
      return new Identity(config.stateDir, o);
    } catch (error) {
      this.#readiness.damage = damageOf(error);
      return Identity.unsaved(o);
    }
  }
}

const isStream = (row: string): boolean => row === "events" || row.startsWith("webSocket ");

/** Damage by name; anything else is not damage and is thrown on. */
const damageOf = (error: unknown): StoredDamage => {
  if (
    error instanceof LogDamagedError ||
    error instanceof DamagedFileError ||
    error instanceof CheckpointMismatchError
  ) {
    return { file: error.file, fault: error.fault, help: error.help };
  }
  throw error;
};
