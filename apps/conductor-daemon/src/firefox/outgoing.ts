import { FIREFOX_LIMITS, type ServerFrame } from "@baa/contracts/firefox";
import type { FirefoxLink } from "./bridge.ts";

export interface OutgoingOptions {
  readonly link: FirefoxLink;
  /**
   * Notes that these commands are sent, as many of them as `charsMax` takes and at least one.
   * Returns their frames, and those that are left.
   */
  readonly deliver: (ids: readonly string[], charsMax: number) => { frames: ServerFrame[]; left: readonly string[] };
  readonly onFault: (error: unknown) => void;
}

/** Commands on their way to one connection: in order, and no faster than the browser takes them. */
export class Outgoing {
  readonly #o: OutgoingOptions;
  #waiting: readonly string[] = [];
  #isOpen = false;
  #isStalled = false;

  constructor(o: OutgoingOptions) {
    this.#o = o;
  }

  /** Whether a command would be sent at once. */
  get isFree(): boolean {
    return this.#isOpen && this.#waiting.length === 0 && this.#hasRoom;
  }

  /** The browser has said what it knows: these go first. */
  open(ids: readonly string[]): void {
    this.#isOpen = true;
    this.#waiting = [...new Set([...ids, ...this.#waiting])];
    this.#pump();
  }

  add(id: string): void {
    this.#waiting = [...this.#waiting, id];
    this.#pump();
  }

  remove(id: string): void {
    if (this.#waiting.includes(id)) this.#waiting = this.#waiting.filter((each) => each !== id);
  }

  close(): void {
    this.#isOpen = false;
    this.#waiting = [];
  }

  get #hasRoom(): boolean {
    return this.#o.link.bufferedBytes < FIREFOX_LIMITS.bufferedBytes;
  }

  #pump(): void {
    try {
      while (this.#isOpen && this.#waiting.length > 0 && this.#hasRoom) {
        const { frames, left } = this.#o.deliver(this.#waiting, FIREFOX_LIMITS.bufferedBytes);
        this.#waiting = left;
        for (const frame of frames) this.#o.link.send(frame);
      }
    } catch (error) {
      return this.#o.onFault(error);
    }
    this.#waitForRoom();
  }

  #waitForRoom(): void {
    if (!this.#isOpen || this.#waiting.length === 0 || this.#isStalled) return;
    this.#isStalled = true;
    this.#o.link.onceDrained(() => {
      this.#isStalled = false;
      this.#pump();
    });
  }
}
