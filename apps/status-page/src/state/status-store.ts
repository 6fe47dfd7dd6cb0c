import { signal } from "@preact/signals";
import { ApiError } from "../api/api-error.ts";
import type { Api } from "../api/api.ts";
import type { StatusReading } from "../model/health.ts";
import type { Visibility } from "./visibility.ts";

const EVERY_MS = 3_000;
/** After an event: events come in bursts, and one answer shows them all. */
const SOON_MS = 300;

/** Asks `/v1/status` again and again while the page is seen: a daemon that died sends no event. */
export class StatusStore {
  readonly reading = signal<StatusReading>({ status: undefined, receivedAtMs: 0, failure: undefined });
  readonly #api: Api;
  readonly #visibility: Visibility;
  #isHurried = false;
  #hurry: (() => void) | undefined;

  constructor(o: { api: Api; visibility: Visibility }) {
    this.#api = o.api;
    this.#visibility = o.visibility;
  }

  /** Ends when `signal` aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#visibility.whenVisible(signal);
      if (signal.aborted) return;
      await this.#ask(signal);
      await this.#wait(signal);
    }
  }

  /** Something has changed: ask soon. */
  hurry(): void {
    if (this.#isHurried) return;
    this.#isHurried = true;
    this.#hurry?.();
  }

  forget(): void {
    this.reading.value = { status: undefined, receivedAtMs: 0, failure: undefined };
  }

  async #ask(signal: AbortSignal): Promise<void> {
    this.#isHurried = false;
    try {
      const status = await this.#api.status(signal);
      this.reading.value = { status, receivedAtMs: Date.now(), failure: undefined };
    } catch (error) {
      if (signal.aborted) return;
      const { failure, ...last } = this.reading.value;
      const message = error instanceof ApiError ? error.message : String(error);
      this.reading.value = { ...last, failure: { message, sinceMs: failure?.sinceMs ?? Date.now() } };
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        this.#hurry = undefined;
        resolve();
      };
      let timer = setTimeout(done, this.#isHurried ? SOON_MS : EVERY_MS);
      this.#hurry = () => {
        clearTimeout(timer);
        timer = setTimeout(done, SOON_MS);
      };
      signal.addEventListener("abort", done);
    });
  }
}
