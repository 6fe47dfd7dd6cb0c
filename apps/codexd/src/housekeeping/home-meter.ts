import type { Logger } from "@baa/process";
import { type HomeUsage, measureHome } from "./home-usage.ts";

/** At most this often. */
const INTERVAL_MS = 300_000;
/** The start of the daemon and its child come first. */
const FIRST_MS = 5_000;

export interface HomeMeterOptions {
  readonly codexHome: string;
  readonly logger: Logger;
  readonly firstMs?: number;
  readonly intervalMs?: number;
}

/** Measures the disk that CODEX_HOME takes, in the background; `/metrics` shows the last figures. */
export class HomeMeter {
  readonly #o: HomeMeterOptions;
  #usage: HomeUsage | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stop = new AbortController();

  constructor(o: HomeMeterOptions) {
    this.#o = o;
  }

  /** Undefined until it was measured for the first time. */
  get usage(): HomeUsage | undefined {
    return this.#usage;
  }

  start(): void {
    this.#stop = new AbortController();
    this.#schedule(this.#o.firstMs ?? FIRST_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#stop.abort();
  }

  #schedule(inMs: number): void {
    this.#timer = setTimeout(() => void this.#measure(this.#stop.signal), inMs);
    this.#timer.unref();
  }

  async #measure(signal: AbortSignal): Promise<void> {
    const { codexHome, logger, intervalMs } = this.#o;
    try {
      this.#usage = await measureHome(codexHome, signal);
    } catch (error) {
      if (!signal.aborted) logger.warn({ event: "codex.home.failed", err: error }, "CODEX_HOME could not be measured");
    }
    if (!signal.aborted) this.#schedule(intervalMs ?? INTERVAL_MS);
  }
}
