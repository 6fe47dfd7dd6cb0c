import { type Freshness, PROBLEMS } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import type { Clock } from "@baa/process";

/** Answers that are kept for when their source does not answer: those read last. */
const ENTRIES_MAX = 256;
const CHARS_MAX = 16 * 1024 * 1024;
/** A longer one is not kept. */
const ENTRY_CHARS_MAX = 4 * 1024 * 1024;

interface Entry {
  readonly text: string;
  readonly asOf: string;
  readonly atMs: number;
}

/** Reads through, and remembers: an answer that cannot be had now is the last one, marked with its age. */
export class LastKnown {
  readonly #clock: Pick<Clock, "monoMs">;
  readonly #now: () => string;
  /** Oldest reading first. */
  readonly #entries = new Map<string, Entry>();
  readonly #asking = new Map<string, Promise<object>>();
  #chars = 0;

  constructor(clock: Pick<Clock, "monoMs">, now: () => string) {
    this.#clock = clock;
    this.#now = now;
  }

  /**
   * What `ask` answers now, else what it answered last. Callers with the same key share one call.
   * @throws what `ask` threw: a fault of the caller's always, any other when nothing is known.
   */
  async read<T extends object>(key: string, ask: () => Promise<T>): Promise<T & Freshness> {
    try {
      const value = (await this.#shared(key, ask)) as T;
      return { ...value, asOf: this.#now(), staleMs: 0 };
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      if (PROBLEMS[error.code].fault === "caller") {
        this.#forget(key);
        throw error;
      }
      return { ...this.#lastOf<T>(key, error), staleReason: error.message };
    }
  }

  #shared(key: string, ask: () => Promise<object>): Promise<object> {
    const running = this.#asking.get(key);
    if (running !== undefined) return running;
    const asked = ask()
      .then((value) => {
        this.#keep(key, value);
        return value;
      })
      .finally(() => this.#asking.delete(key));
    this.#asking.set(key, asked);
    return asked;
  }

  /** @throws ProblemError `why` when nothing is known. */
  #lastOf<T extends object>(key: string, why: ProblemError): T & Freshness {
    const entry = this.#entries.get(key);
    if (entry === undefined) throw why;
    const staleMs = Math.max(1, Math.round(this.#clock.monoMs() - entry.atMs));
    return { ...(JSON.parse(entry.text) as T), asOf: entry.asOf, staleMs };
  }

  #keep(key: string, value: object): void {
    this.#forget(key);
    const text = JSON.stringify(value);
    if (text.length > ENTRY_CHARS_MAX) return;
    this.#entries.set(key, { text, asOf: this.#now(), atMs: this.#clock.monoMs() });
    this.#chars += text.length;
    for (const [oldest] of this.#entries) {
      if (this.#entries.size <= ENTRIES_MAX && this.#chars <= CHARS_MAX) return;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    this.#chars -= this.#entries.get(key)?.text.length ?? 0;
    this.#entries.delete(key);
  }
}
