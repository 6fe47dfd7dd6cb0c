/** A thread that the child has loaded, and when it was last of use. */
export interface LoadedThread {
  readonly threadId: string;
  /** Monotonic milliseconds. */
  readonly usedAtMs: number;
}

/** Which threads the present child has loaded. Forgotten with the child. */
export class LoadedThreads {
  readonly #usedAtMs = new Map<string, number>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#usedAtMs.size;
  }

  has(threadId: string): boolean {
    return this.#usedAtMs.has(threadId);
  }

  /** Notes that it is loaded, or of use now. */
  add(threadId: string): void {
    this.#usedAtMs.set(threadId, this.#nowMs());
  }

  delete(threadId: string): void {
    this.#usedAtMs.delete(threadId);
  }

  clear(): void {
    this.#usedAtMs.clear();
  }

  /** The one that was of use longest ago first. */
  all(): LoadedThread[] {
    return [...this.#usedAtMs]
      .map(([threadId, usedAtMs]) => ({ threadId, usedAtMs }))
      .toSorted((a, b) => a.usedAtMs - b.usedAtMs);
  }
}
