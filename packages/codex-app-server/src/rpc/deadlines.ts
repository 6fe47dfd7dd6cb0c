/** One running deadline. `cancel` is idempotent; an expired or cancelled deadline never calls back (again). */
export interface Deadline {
  cancel(): void;
}

interface Running {
  remainingMs: number;
  startedMs: number;
  timer: NodeJS.Timeout | undefined;
  expire: (lateMs: number) => void;
}

/**
 * Deadlines on the monotonic clock that can be held as a whole: while nobody reads the child, its answers cannot
 * arrive, so the time does not count. An expiry is told one turn of the event loop after the timer, so that an answer
 * already waiting in the pipe of a busy process wins; `lateMs` says how much later than asked the timer ran.
 */
export class Deadlines {
  readonly #now: () => number;
  readonly #running = new Set<Running>();
  #held = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  start(ms: number, expire: (lateMs: number) => void): Deadline {
    const running: Running = { remainingMs: ms, startedMs: this.#now(), timer: undefined, expire };
    this.#running.add(running);
    if (!this.#held) this.#arm(running);
    return {
      cancel: () => {
        clearTimeout(running.timer);
        this.#running.delete(running);
      },
    };
  }

  /** Stops the clock of every deadline, also of those started while held. Idempotent. */
  hold(): void {
    if (this.#held) return;
    this.#held = true;
    const now = this.#now();
    for (const running of this.#running) {
      clearTimeout(running.timer);
      running.timer = undefined;
      running.remainingMs = Math.max(0, running.remainingMs - (now - running.startedMs));
    }
  }

  /** Lets every deadline go on with what it had left. Idempotent. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    for (const running of this.#running) this.#arm(running);
  }

  #arm(running: Running): void {
    running.startedMs = this.#now();
    running.timer = setTimeout(() => {
      const lateMs = this.#now() - running.startedMs - running.remainingMs;
      setImmediate(() => {
        if (this.#held || !this.#running.delete(running)) return;
        running.expire(Math.max(0, lateMs));
      });
    }, running.remainingMs);
  }
}
