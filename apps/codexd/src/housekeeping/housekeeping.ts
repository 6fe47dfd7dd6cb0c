import { type Logger, systemClock } from "@baa/process";
import type { CodexChild } from "../child/codex-child.ts";
import type { Config } from "../config.ts";
import type { Journal } from "../journal/journal.ts";
import { HomeMeter } from "./home-meter.ts";
import type { HomeUsage } from "./home-usage.ts";
import { ThreadUnloader } from "./thread-unloader.ts";

export interface HousekeepingOptions {
  readonly config: Config;
  readonly child: CodexChild;
  readonly journal: Journal;
  readonly logger: Logger;
}

/** What keeps Codex from growing without end while nobody looks. */
export class Housekeeping {
  readonly #unloader: ThreadUnloader;
  readonly #meter: HomeMeter | undefined;

  constructor({ config, child, journal, logger }: HousekeepingOptions) {
    this.#unloader = new ThreadUnloader({
      child,
      journal,
      logger,
      clock: systemClock,
      idleMs: config.threadIdleMs,
      loadedMax: config.threadsLoadedMax,
    });
    // The home of an app-server that is not ours is not known.
    this.#meter = config.external ? undefined : new HomeMeter({ codexHome: config.codexHome, logger });
  }

  /** Disk that CODEX_HOME takes; undefined until it was measured. */
  get homeUsage(): HomeUsage | undefined {
    return this.#meter?.usage;
  }

  start(): void {
    this.#unloader.start();
    this.#meter?.start();
  }

  stop(): void {
    this.#unloader.stop();
    this.#meter?.stop();
  }
}
