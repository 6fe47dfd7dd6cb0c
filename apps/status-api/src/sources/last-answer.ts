import type { Freshness } from "@baa/contracts";
import type { Clock } from "@baa/process";

/** What a source said last, and how old that is. */
export class LastAnswer<T> {
  readonly #clock: Pick<Clock, "monoMs">;
  readonly #now: () => string;
  #held: { readonly value: T; readonly asOf: string; readonly atMs: number } | undefined;
  #reason: string | undefined;

  constructor(clock: Pick<Clock, "monoMs">, now: () => string) {
    this.#clock = clock;
    this.#now = now;
  }

  get value(): T | undefined {
    return this.#held?.value;
  }

  /** It answered just now. */
  take(value: T): void {
    this.#held = { value, asOf: this.#now(), atMs: this.#clock.monoMs() };
    this.#reason = undefined;
  }

  /** It was asked and did not answer. */
  miss(reason: string): void {
    this.#reason = reason;
  }

  /** Undefined while it has not answered yet. */
  freshness(): Freshness | undefined {
    if (this.#held === undefined) return undefined;
    const { asOf, atMs } = this.#held;
    if (this.#reason === undefined) return { asOf, staleMs: 0 };
    return { asOf, staleMs: Math.max(1, Math.round(this.#clock.monoMs() - atMs)), staleReason: this.#reason };
  }
}
