export interface AttemptLimiterOptions {
  readonly clock: { monoMs(): number };
  /** Failed attempts in a window after which an address is limited. */
  readonly attemptsMax?: number;
  readonly windowMs?: number;
  /** Addresses remembered; the oldest is forgotten first. */
  readonly addressesMax?: number;
}

export interface FailedAttempt {
  readonly limited: boolean;
  /** True exactly once per window. */
  readonly limitReached: boolean;
  readonly retryAfterS: number;
}

/** Counts failed credentials per address. Loopback is an address like any other: pages run there too. */
export class AttemptLimiter {
  readonly #clock: { monoMs(): number };
  readonly #attemptsMax: number;
  readonly #windowMs: number;
  readonly #addressesMax: number;
  readonly #windows = new Map<string, { startedMs: number; failed: number }>();

  constructor(o: AttemptLimiterOptions) {
    this.#clock = o.clock;
    this.#attemptsMax = o.attemptsMax ?? 10;
    this.#windowMs = o.windowMs ?? 60_000;
    this.#addressesMax = o.addressesMax ?? 1024;
  }

  /** Notes a failed attempt; the first `attemptsMax` of a window are still told that they failed. */
  fail(address: string): FailedAttempt {
    const nowMs = this.#clock.monoMs();
    let window = this.#windows.get(address);
    if (window === undefined || nowMs - window.startedMs >= this.#windowMs) {
      this.#windows.delete(address);
      window = { startedMs: nowMs, failed: 0 };
      this.#windows.set(address, window);
      this.#forgetOldest();
    }
    window.failed += 1;
    return {
      limited: window.failed > this.#attemptsMax,
      limitReached: window.failed === this.#attemptsMax + 1,
      retryAfterS: Math.max(1, Math.ceil((window.startedMs + this.#windowMs - nowMs) / 1000)),
    };
  }

  #forgetOldest(): void {
    if (this.#windows.size <= this.#addressesMax) return;
    const oldest = this.#windows.keys().next();
    if (!oldest.done) this.#windows.delete(oldest.value);
  }
}
