import type { ServerResponse } from "node:http";

/** Requests in progress that want to know when to give up: one when its client is gone, all when the server stops. */
export class RequestSignals {
  readonly #live = new Set<() => void>();
  #stopped = false;

  /** Calls `abort` once, at once when it is too late already; never when the reply was sent to its end. */
  watch(response: ServerResponse, abort: () => void): void {
    if (this.#stopped || response.destroyed) return abort();
    this.#live.add(abort);
    response.once("close", () => {
      if (this.#live.delete(abort) && !response.writableFinished) abort();
    });
  }

  /** The same as a signal, for whoever passes it on. */
  signalFor(response: ServerResponse): AbortSignal {
    const controller = new AbortController();
    this.watch(response, () => controller.abort());
    return controller.signal;
  }

  abortAll(): void {
    this.#stopped = true;
    for (const abort of this.#live) abort();
    this.#live.clear();
  }
}
