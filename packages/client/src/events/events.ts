import type { FeedEvent } from "@baa/contracts";
import type { FollowOptions } from "./follow-events.ts";
import { followEvents } from "./follow-events.ts";

/** As for `followEvents`; the loop takes the place of `onEvent`, and leaving it that of `signal`. */
export type EventsOptions = Omit<FollowOptions, "onEvent" | "signal"> & {
  readonly signal?: AbortSignal | undefined;
};

/**
 * The event log as an endless `for await`. Made of `followEvents`: same order, same reconnects, same errors (the loop
 * throws them). An event counts as taken when the loop asks for the next one, so a slow loop slows the sender.
 * Ends when `signal` aborts; `break` closes the connection.
 */
export async function* events(options: EventsOptions): AsyncGenerator<FeedEvent, void, void> {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  if (options.signal?.aborted === true) return;
  options.signal?.addEventListener("abort", onAbort, { once: true });

  const slot = new HandOver();
  stop.signal.addEventListener("abort", () => slot.end(), { once: true });
  const following = followEvents({ ...options, signal: stop.signal, onEvent: (event) => slot.put(event) });
  // The slot only needs to know that it is over; the error itself is thrown by awaiting `following` below.
  following.then(
    () => slot.end(),
    () => slot.end(),
  );
  try {
    for (let event = await slot.take(); event !== undefined; event = await slot.take()) yield event;
    await following;
  } finally {
    options.signal?.removeEventListener("abort", onAbort);
    stop.abort();
    await following.catch(() => undefined); // thrown above already, or the loop was left and nobody asks
  }
}

/** Room for one event between a producer that waits until it is used and a consumer that waits until it is there. */
class HandOver {
  #event: FeedEvent | undefined;
  #isEnded = false;
  #used: () => void = () => {};
  #changed: () => void = () => {};

  /** Resolves when the consumer comes back for the next event, or at the end. */
  put(event: FeedEvent): Promise<void> {
    if (this.#isEnded) return Promise.resolve();
    this.#event = event;
    const used = new Promise<void>((resolve) => (this.#used = resolve));
    this.#changed();
    return used;
  }

  /** The next event; undefined at the end. */
  async take(): Promise<FeedEvent | undefined> {
    this.#used();
    while (this.#event === undefined && !this.#isEnded) {
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
    const event = this.#event;
    this.#event = undefined;
    return this.#isEnded ? undefined : event;
  }

  end(): void {
    this.#isEnded = true;
    this.#used();
    this.#changed();
  }
}
