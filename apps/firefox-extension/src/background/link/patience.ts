import type { PopupConnection } from "../../shared/popup-messages.ts";
import type { StorageArea } from "../storage.ts";

export type PatienceStore = Pick<StorageArea, "get" | "set" | "remove">;

/** Kept for the life of the browser: a background that is started again goes on waiting. */
interface Kept {
  readonly until: number | "held";
  readonly shows: PopupConnection;
}

const KEY = "patience";

/** The dialer's waiting: until a time, or until the user says so; it can be cut short. */
export class Patience {
  readonly #store: PatienceStore;
  #until: number | "held" = 0;
  #shows: PopupConnection | undefined;
  #wake: (() => void) | undefined;
  #loaded: Promise<void> | undefined;

  constructor(store: PatienceStore) {
    this.#store = store;
  }

  /** What an earlier background left; once. */
  load(): Promise<void> {
    return (this.#loaded ??= this.#store.get(KEY).then((stored) => {
      const kept = stored[KEY] as Kept | undefined;
      if (kept === undefined || this.#until !== 0) return;
      this.#until = kept.until;
      this.#shows = kept.shows;
    }));
  }

  /** Why it waits, as an earlier background found it. */
  get shows(): PopupConnection | undefined {
    return this.#shows;
  }

  /** Only the user ends it. */
  get isHeld(): boolean {
    return this.#until === "held";
  }

  hold(shows: PopupConnection): void {
    this.#keep({ until: "held", shows });
  }

  /** `shows`: worth to be kept for a later background. */
  waitUntil(until: number, shows?: PopupConnection): void {
    if (shows !== undefined) return this.#keep({ until, shows });
    this.#until = until;
  }

  /** No more waiting. */
  end(): void {
    if (this.#until !== 0) void this.#store.remove(KEY);
    this.#until = 0;
    this.#shows = undefined;
    this.#wake?.();
  }

  /** Ends a sleep whose time is over though its timer has not said so: the machine or the background slept. */
  look(): void {
    if (this.#until !== "held" && Date.now() >= this.#until) this.#wake?.();
  }

  /** @returns false when there is nothing to wait for. */
  async sleep(): Promise<boolean> {
    const ms = this.#until === "held" ? 0 : this.#until - Date.now();
    if (ms <= 0) return false;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
    return true;
  }

  #keep(kept: Kept): void {
    this.#until = kept.until;
    this.#shows = kept.shows;
    void this.#store.set({ [KEY]: kept });
  }
}
