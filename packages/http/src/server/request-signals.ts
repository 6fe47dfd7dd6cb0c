import type { ServerResponse } from "node:http";

/** Abort signals of requests in progress: one aborts when its client is gone, all when the server stops. */
export class RequestSignals {
  readonly #live = new Set<AbortController>();
  #stopped = false;

  signalFor(response: ServerResponse): AbortSignal {
    const controller = new AbortController();
    if (this.#stopped || response.destroyed) {
      controller.abort();
      return controller.signal;
    }
    this.#live.add(controller);
    response.once("close", () => {
      this.#live.delete(controller);
      if (!response.writableFinished) controller.abort();
    });
    return controller.signal;
  }

  abortAll(): void {
    this.#stopped = true;
    for (const controller of this.#live) controller.abort();
  }
}
