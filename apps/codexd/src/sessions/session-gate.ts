/**
 * One command at a time and session against the child. A turn is accepted between two of them, never during one: who
 * accepts looks again after every wait, and goes on in the same step.
 */
export class SessionGate {
  readonly #holders = new Map<string, Promise<void>>();

  isHeld(sessionId: string): boolean {
    return this.#holders.has(sessionId);
  }

  /** Resolves when the command of the moment is over; another may have come by then. */
  async freed(sessionId: string): Promise<void> {
    await this.#holders.get(sessionId);
  }

  /** Runs the command when those before it are over. Rejects as it does. */
  async run<T>(sessionId: string, command: () => Promise<T>): Promise<T> {
    while (this.isHeld(sessionId)) await this.freed(sessionId);
    let release!: () => void;
    this.#holders.set(sessionId, new Promise((resolve) => (release = resolve)));
    try {
      return await command();
    } finally {
      this.#holders.delete(sessionId);
      release();
    }
  }
}
