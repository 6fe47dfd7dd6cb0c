import { CliError } from "./errors.ts";

/**
 * Ctrl-C of one run. What is at work may take it (`on`); when nothing does, `signal` aborts and the verb unwinds. A
 * second one after that leaves at once.
 */
export class Interrupts {
  readonly #controller = new AbortController();
  readonly #handlers: (() => void)[] = [];
  readonly #leave: () => void;

  /** `leave` ends the process. */
  constructor(leave: () => void) {
    this.#leave = leave;
  }

  /** Aborts with a CliError `stopped`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The latest handler takes every Ctrl-C until it is taken off again. */
  on(handler: () => void): () => void {
    this.#handlers.push(handler);
    return () => {
      const index = this.#handlers.lastIndexOf(handler);
      if (index >= 0) this.#handlers.splice(index, 1);
    };
  }

  /** Ctrl-C. */
  fire(): void {
    const handler = this.#handlers.at(-1);
    if (handler !== undefined) handler();
    else this.stop();
  }

  /** To be gone: SIGTERM, or a Ctrl-C that nobody takes. The second time it leaves at once. */
  stop(): void {
    if (this.#controller.signal.aborted) this.#leave();
    else this.#controller.abort(new CliError("stopped", "stopped", "stopped before the end"));
  }
}
