import { ChildUnavailableError, RequestTimeoutError } from "../rpc/errors.ts";

export interface ProbeOptions {
  /** Asks the child; rejects with RequestTimeoutError when it does not answer in time. */
  ask: () => Promise<unknown>;
  intervalMs: number;
  missesMax: number;
  onAnswer(answer: unknown): void;
  onMiss(): void;
  onHung(): void;
}

/** A timer that ran this much late tells of us (blocked, stopped, asleep), not of the child. */
const OUR_OWN_LATENESS_MS = 1_000;

/**
 * Asks the child again and again. Any answer, an error too, shows that it is alive. After a miss the next question
 * follows at once; `missesMax` misses in a row mean that it hangs.
 */
export class HealthProbe {
  readonly #options: ProbeOptions;
  #timer: NodeJS.Timeout | undefined;
  #misses = 0;
  #stopped = false;

  constructor(o: ProbeOptions) {
    this.#options = o;
    this.#schedule(o.intervalMs);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(ms: number): void {
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#probe(), ms);
  }

  async #probe(): Promise<void> {
    try {
      const answer = await this.#options.ask();
      if (this.#stopped) return;
      this.#misses = 0;
      this.#options.onAnswer(answer);
    } catch (error) {
      if (this.#stopped || error instanceof ChildUnavailableError) return;
      if (error instanceof RequestTimeoutError) {
        this.#onTimeout(error);
        return;
      }
      this.#misses = 0;
    }
    this.#schedule(this.#options.intervalMs);
  }

  #onTimeout(error: RequestTimeoutError): void {
    if (error.lateMs < OUR_OWN_LATENESS_MS) {
      this.#misses += 1;
      this.#options.onMiss();
    }
    if (this.#misses >= this.#options.missesMax) this.#options.onHung();
    else this.#schedule(0);
  }
}
