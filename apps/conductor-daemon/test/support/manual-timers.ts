import type { After } from "../../src/firefox/after.ts";

/** Timers that go off when the test says so, in the order of their times. */
export class ManualTimers {
  #nowMs = 0;
  readonly #waiting = new Set<{ atMs: number; work: () => void }>();

  readonly after: After = (ms, work) => {
    const one = { atMs: this.#nowMs + ms, work };
    this.#waiting.add(one);
    return () => void this.#waiting.delete(one);
  };

  /** How many are set. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Lets so many milliseconds pass. */
  pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const next = [...this.#waiting].filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#waiting.delete(next);
      this.#nowMs = next.atMs;
      next.work();
    }
    this.#nowMs = endMs;
  }
}
