import { createBackoff } from "@baa/process";
import type { ListenAddress } from "./listen.ts";

/** Milliseconds between tries: from a second, as a tunnel mostly comes up soon after the machine, to half a minute. */
const RETRY_MS = { initialMs: 1000, maxMs: 30_000 };

export interface LateListenerOptions {
  /** Told when it is served at last. */
  readonly onListening?: (at: ListenAddress) => void;
  /** Told once for every new fault of a later try, with its code or message; it is tried again all the same. */
  readonly onFault?: (error: Error) => void;
  readonly retryMs?: { readonly initialMs: number; readonly maxMs: number };
}

/** Listens at an address as soon as the machine has it. */
export class LateListener {
  readonly #at: ListenAddress;
  readonly #o: LateListenerOptions & { listen: (at: ListenAddress) => Promise<void> };
  readonly #backoff: ReturnType<typeof createBackoff>;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #lastFault = "EADDRNOTAVAIL";

  constructor(at: ListenAddress, o: LateListenerOptions & { listen: (at: ListenAddress) => Promise<void> }) {
    this.#at = at;
    this.#o = o;
    this.#backoff = createBackoff(o.retryMs ?? RETRY_MS);
  }

  /** The first try. @throws every fault but the one of an address that is not there yet. */
  async start(): Promise<void> {
    try {
      await this.#o.listen(this.#at);
      this.#o.onListening?.(this.#at);
    } catch (error) {
      if (faultOf(error) !== "EADDRNOTAVAIL") throw error;
      this.#retryLater();
    }
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #retryLater(): void {
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#retry(), this.#backoff.next());
  }

  async #retry(): Promise<void> {
    try {
      await this.#o.listen(this.#at);
      if (!this.#isStopped) this.#o.onListening?.(this.#at);
    } catch (error) {
      const fault = faultOf(error);
      if (fault !== this.#lastFault) this.#o.onFault?.(error as Error);
      this.#lastFault = fault;
      this.#retryLater();
    }
  }
}

const faultOf = (error: unknown): string => {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === "string" ? code : String(message);
};
