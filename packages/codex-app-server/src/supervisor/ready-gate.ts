/** Callers that wait for readiness, each with a deadline of its own. */
export class ReadyGate {
  readonly #waiters = new Set<() => void>();

  /** Lets everyone through who waits now. */
  open(): void {
    for (const waiter of this.#waiters) waiter();
  }

  /** True when the gate opens; false after `timeoutMs` or when aborted. */
  wait(timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted === true) return Promise.resolve(false);
    return new Promise((resolve) => {
      const settle = (ready: boolean): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        this.#waiters.delete(onOpen);
        resolve(ready);
      };
      const onOpen = (): void => settle(true);
      const onAbort = (): void => settle(false);
      const timer = setTimeout(settle, timeoutMs, false);
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiters.add(onOpen);
    });
  }
}
