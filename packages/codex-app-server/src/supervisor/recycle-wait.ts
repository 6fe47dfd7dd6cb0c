const POLL_MS = 100;

/** Waits for the child to be idle, at most `maxMs`, and then calls `due` once. */
export class RecycleWait {
  readonly reason: "memory" | "recycle";
  readonly detail: string;
  readonly #isIdle: () => boolean;
  readonly #due: () => void;
  readonly #maxMs: number;
  #waitedMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(o: {
    reason: "memory" | "recycle";
    detail: string;
    isIdle: () => boolean;
    maxMs: number;
    due: () => void;
  }) {
    this.reason = o.reason;
    this.detail = o.detail;
    this.#isIdle = o.isIdle;
    this.#due = o.due;
    this.#maxMs = o.maxMs;
    this.#timer = setTimeout(() => this.#look(), 0);
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    if (this.#isIdle() || this.#waitedMs >= this.#maxMs) {
      this.#due();
      return;
    }
    this.#waitedMs += POLL_MS;
    this.#timer = setTimeout(() => this.#look(), POLL_MS);
  }
}
