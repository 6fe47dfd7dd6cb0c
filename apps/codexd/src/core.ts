import path from "node:path";
import { createId, type Logger, systemClock } from "@baa/process";
import { EventLog } from "@baa/storage";
import type { ApprovalService } from "./approvals/approval-service.ts";
import type { CodexChild } from "./child/codex-child.ts";
import { type WiredChild, wireChild } from "./child/wire-child.ts";
import type { Config } from "./config.ts";
import { createRedactor } from "./events/redact.ts";
import { Idempotency } from "./idempotency.ts";
import { CheckpointWriter, loadRegistries } from "./journal/checkpoints.ts";
import { Journal } from "./journal/journal.ts";
import type { CodexdMetrics } from "./metrics.ts";
import type { Policy } from "./policy.ts";
import { Registries } from "./registry/registries.ts";
import { AccountWatch } from "./runtime/account-watch.ts";
import { secretValues, TOKEN_FILE } from "./runtime/secrets.ts";
import { SessionService } from "./sessions/session-service.ts";
import type { TurnService } from "./turns/turn-service.ts";
import { type WiredTurns, wireTurns } from "./turns/wire-turns.ts";

/** How often unanswered approvals are looked at. */
const EXPIRY_INTERVAL_MS = 1000;

export interface CoreOptions {
  readonly config: Config;
  readonly policy: Policy;
  readonly logger: Logger;
  readonly metrics: CodexdMetrics;
  readonly onFatal: (error: Error) => void;
}

/** Everything behind the HTTP face: the log, what is derived from it, the child, and the services. */
export class Core {
  readonly journal: Journal;
  readonly sessions: SessionService;
  readonly idempotency: Idempotency;
  readonly account = new AccountWatch();
  readonly #child: WiredChild;
  readonly #turns: WiredTurns;
  readonly #checkpoints: CheckpointWriter;
  #expiry: NodeJS.Timeout | undefined;

  /** Opens the log and everything derived from it. Throws by name when data is damaged; nothing has been changed then. */
  static async open(options: CoreOptions): Promise<Core> {
    const { config, logger } = options;
    const log = await EventLog.open({ dir: config.logsDir, onFatal: options.onFatal });
    try {
      const registries = new Registries();
      const { repaired, storedSeq } = loadRegistries(config.stateDir, log, registries);
      for (const file of repaired)
        logger.warn(
          { event: "checkpoint.repaired", file },
          "a damaged checkpoint was replaced by its former generation",
        );
      return new Core(options, log, registries, storedSeq);
    } catch (error) {
      await log.close();
      throw error;
    }
  }

  private constructor(options: CoreOptions, log: EventLog, registries: Registries, storedSeq: number) {
    const { config, policy, logger, metrics } = options;
    const now = (): string => new Date().toISOString();
    const journal = new Journal({ log, registries, now });
    const tokenFiles = [path.join(config.stateDir, TOKEN_FILE), config.sharedTokenFile];
    const redact = createRedactor(secretValues(tokenFiles, () => systemClock.monoMs()));
    this.journal = journal;
    this.idempotency = new Idempotency(registries.sessions);
    this.sessions = new SessionService({
      journal,
      policy,
      cwdRules: { roots: policy.cwdRoots, homeDir: config.homeDir, forbidden: config.runtimeDirs },
      scratchDir: path.join(config.tmpDir, "sessions"),
      newId: () => createId("ses_"),
      now,
    });
    this.#child = wireChild({ config, policy, journal, logger, metrics, redact, account: this.account });
    this.#turns = wireTurns({ config, journal, logger, child: this.#child.child, sessions: this.sessions });
    this.#checkpoints = new CheckpointWriter({
      dir: config.stateDir,
      log,
      registries,
      storedSeq,
      onError: (error) => logger.error({ event: "checkpoint.failed", err: error }, "a checkpoint could not be written"),
    });
  }

  get child(): CodexChild {
    return this.#child.child;
  }

  get approvals(): ApprovalService {
    return this.#child.approvals;
  }

  get turns(): TurnService {
    return this.#turns.turns;
  }

  /** Settles what the former process left open, and starts the child. */
  async start(): Promise<void> {
    this.journal.obliged(() => this.approvals.orphanAll());
    this.#checkpoints.start();
    this.#turns.watchdog.start();
    this.#expiry = setInterval(() => this.approvals.expire(), EXPIRY_INTERVAL_MS);
    this.#expiry.unref();
    await this.child.start();
  }

  /** Lets callers that wait go, and stops the child; what it still says is logged. */
  async stop(): Promise<void> {
    clearInterval(this.#expiry);
    this.#turns.watchdog.stop();
    this.#turns.interrupter.stop();
    this.#turns.waiters.releaseAll();
    await this.child.stop();
  }

  /** Writes the checkpoints and closes the log with its clean-stop mark. */
  async close(): Promise<void> {
    await this.#checkpoints.stop();
    await this.journal.log.close();
    this.#child.closeFiles();
  }
}
