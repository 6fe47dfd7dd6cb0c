import { type Logger, secretValues, systemClock } from "@baa/process";
import { EventLog } from "@baa/storage";
import { AccountService } from "./account/account-service.ts";
import type { ApprovalService } from "./approvals/approval-service.ts";
import type { CodexChild } from "./child/codex-child.ts";
import { type WiredChild, wireChild } from "./child/wire-child.ts";
import type { Config } from "./config.ts";
import { createRedactor } from "./events/redact.ts";
import { Housekeeping } from "./housekeeping/housekeeping.ts";
import type { FileService } from "./files/file-service.ts";
import { Idempotency } from "./idempotency.ts";
import { CheckpointWriter, loadRegistries } from "./journal/checkpoints.ts";
import { Forgetter } from "./journal/forgetter.ts";
import { Journal } from "./journal/journal.ts";
import type { CodexdMetrics } from "./metrics.ts";
import type { Policy } from "./policy.ts";
import { Registries } from "./registry/registries.ts";
import { AccountWatch } from "./runtime/account-watch.ts";
import type { CodexVersions } from "./runtime/codex-versions.ts";
import { LiveSecrets, liveTokenFiles } from "./runtime/secrets.ts";
import type { RunService } from "./runs/run-service.ts";
import type { SessionCommands } from "./sessions/session-commands.ts";
import type { SessionForks } from "./sessions/session-forks.ts";
import type { SessionSearch } from "./sessions/session-search.ts";
import type { SessionService } from "./sessions/session-service.ts";
import {
  type WiredSessions,
  type WiredSessionStore,
  wireSessions,
  wireSessionStore,
} from "./sessions/wire-sessions.ts";
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
  readonly idempotency: Idempotency;
  readonly account = new AccountWatch();
  readonly accounts: AccountService;
  readonly housekeeping: Housekeeping;
  readonly #child: WiredChild;
  readonly #turns: WiredTurns;
  readonly #sessions: WiredSessions;
  readonly #store: WiredSessionStore;
  readonly #checkpoints: CheckpointWriter;
  readonly #forgetter: Forgetter;
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
    const journal = new Journal({ log, registries, now: () => new Date().toISOString() });
    const secrets = new LiveSecrets(secretValues(liveTokenFiles(config), () => systemClock.monoMs()));
    const redact = createRedactor(() => secrets.values());
    this.journal = journal;
    this.idempotency = new Idempotency(registries.sessions);
    this.#store = wireSessionStore({ config, policy, journal });
    const { sessions, store, toCodexInput } = this.#store;
    this.#child = wireChild({ config, policy, journal, logger, metrics, redact, account: this.account });
    const { child } = this.#child;
    this.accounts = new AccountService({
      child,
      watch: this.account,
      turns: () => registries.turns.entries(),
      keepSecret: (value) => secrets.add(value),
    });
    this.housekeeping = new Housekeeping({ config, child, journal, logger });
    this.#turns = wireTurns({ config, journal, logger, child, sessions, toCodexInput });
    this.#sessions = wireSessions({ journal, child, sessions, store, logger });
    this.#checkpoints = new CheckpointWriter({
      dir: config.stateDir,
      log,
      registries,
      storedSeq,
      onError: (error) => logger.error({ event: "checkpoint.failed", err: error }, "a checkpoint could not be written"),
    });
    this.#forgetter = new Forgetter({
      journal,
      checkpointedSeq: () => this.#checkpoints.safeSeq,
      nowMs: Date.now,
      onError: (error) =>
        logger.error({ event: "forget.failed", err: error }, "text of deleted sessions is still in the log"),
    });
    journal.onEvent(({ type }) => {
      if (type === "session.deleted") this.#checkpoints.rewrite();
    });
  }

  get child(): CodexChild {
    return this.#child.child;
  }

  /** Which versions of Codex ran on this CODEX_HOME. */
  get versions(): CodexVersions {
    return this.#child.versions;
  }

  get approvals(): ApprovalService {
    return this.#child.approvals;
  }

  get sessions(): SessionService {
    return this.#store.sessions;
  }

  get files(): FileService {
    return this.#store.files;
  }

  get sessionCommands(): SessionCommands {
    return this.#sessions.commands;
  }

  get sessionForks(): SessionForks {
    return this.#sessions.forks;
  }

  get sessionSearch(): SessionSearch {
    return this.#sessions.search;
  }

  get turns(): TurnService {
    return this.#turns.turns;
  }

  get runs(): RunService {
    return this.#turns.runs;
  }

  /** Settles what the former process left open, and starts the child. */
  async start(): Promise<void> {
    this.journal.obliged(() => this.runs.mend());
    this.journal.obliged(() => this.approvals.orphanAll());
    this.#sessions.sweep();
    this.#checkpoints.start();
    this.#forgetter.start();
    this.#turns.watchdog.start();
    this.housekeeping.start();
    this.#expiry = setInterval(() => this.approvals.expire(), EXPIRY_INTERVAL_MS);
    this.#expiry.unref();
    await this.child.start();
  }

  /** Lets callers that wait go, and stops the child; what it still says is logged. */
  async stop(): Promise<void> {
    clearInterval(this.#expiry);
    this.#turns.watchdog.stop();
    this.housekeeping.stop();
    this.#turns.interrupter.stop();
    this.#turns.waiters.releaseAll();
    await this.child.stop();
  }

  /** Writes the checkpoints and closes the log with its clean-stop mark. */
  async close(): Promise<void> {
    this.#forgetter.stop();
    await this.#checkpoints.stop();
    await this.journal.log.close();
    this.#child.closeFiles();
  }
}
