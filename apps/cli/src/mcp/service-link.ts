import { TransportError } from "@baa/client";
import type { Service } from "../service.ts";

/** codexd is the second choice: so often it is asked whether conductor is back. */
const FALLBACK_MS = 60_000;

export interface ServiceLinkOptions {
  /** Finds the service; rejects with a CliError that says what was tried. */
  readonly connect: () => Promise<Service>;
  readonly nowMs?: () => number;
}

/**
 * The service behind a program that lives for days: looked for at the first call, and again after it was lost. So the
 * program may be started before the services, and outlives their restarts.
 */
export class ServiceLink {
  readonly #connect: () => Promise<Service>;
  readonly #nowMs: () => number;
  #current: Promise<Held> | undefined;

  constructor(o: ServiceLinkOptions) {
    this.#connect = o.connect;
    this.#nowMs = o.nowMs ?? (() => performance.now());
  }

  /** Does `work` with the service. Rejects with what `connect` or `work` rejects with. */
  async use<T>(work: (service: Service) => Promise<T>): Promise<T> {
    const held = await this.#find();
    held.users += 1;
    try {
      return await work(held.service);
    } catch (error) {
      if (error instanceof TransportError) await this.#retire(held);
      throw error;
    } finally {
      held.users -= 1;
      await closeUnused(held);
    }
  }

  /** Ends all connections; calls at work reject. */
  async close(): Promise<void> {
    const held = await this.#current?.catch(() => undefined); // it was not found: nothing is open
    this.#current = undefined;
    await held?.service.close();
  }

  async #find(): Promise<Held> {
    const held = await this.#current;
    if (held !== undefined && !held.isRetired) {
      if (held.service.kind === "conductor" || this.#nowMs() - held.sinceMs < FALLBACK_MS) return held;
      await this.#retire(held);
    }
    return (this.#current ??= this.#open());
  }

  async #open(): Promise<Held> {
    try {
      return { service: await this.#connect(), sinceMs: this.#nowMs(), users: 0, isRetired: false };
    } catch (error) {
      this.#current = undefined; // the next call looks again
      throw error;
    }
  }

  async #retire(held: Held): Promise<void> {
    if (held.isRetired) return;
    held.isRetired = true;
    this.#current = undefined;
    await closeUnused(held);
  }
}

/** A service, and how many calls are at work on it. */
interface Held {
  readonly service: Service;
  readonly sinceMs: number;
  users: number;
  isRetired: boolean;
}

const closeUnused = async (held: Held): Promise<void> => {
  if (held.isRetired && held.users === 0) await held.service.close();
};
