/** What a progress notification carries. `progress` only ever grows; there is no total: nobody knows how long a turn is. */
export interface ProgressNote {
  readonly progress: number;
  readonly message: string;
}

/** A client that shows them needs no more than a few a second. */
const GAP_MS = 250;
/** Said again when nothing happens, so that a client that waits for signs of life goes on waiting. */
const SILENCE_MS = 10_000;

/**
 * Sends progress of one call: the first word at once, then the latest at most four times a second, and the last one
 * again after ten seconds of silence. Does nothing when the client did not ask (`send` is undefined).
 */
export class Progress {
  readonly #send: ((note: ProgressNote) => Promise<void>) | undefined;
  #count = 0;
  #message: string;
  #isPending = false;
  /** Whether the timer runs for the gap after a word; else it runs for silence. */
  #isInGap = false;
  #timer: NodeJS.Timeout | undefined;

  /** `atFirst`: what is said in a silence before the first word. */
  constructor(send: ((note: ProgressNote) => Promise<void>) | undefined, atFirst: string) {
    this.#send = send;
    this.#message = atFirst;
    if (send !== undefined) this.#awaitSilence();
  }

  say(message: string): void {
    if (this.#timer === undefined) return;
    this.#message = message;
    this.#isPending = true;
    if (!this.#isInGap) this.#tell();
  }

  /** Sends what is pending and is quiet from then on. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isPending) this.#emit();
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#emit();
    this.#isInGap = true;
    this.#timer = setTimeout(() => (this.#isPending ? this.#tell() : this.#awaitSilence()), GAP_MS);
  }

  #awaitSilence(): void {
    this.#isInGap = false;
    this.#timer = setTimeout(() => this.#tell(), SILENCE_MS);
  }

  #emit(): void {
    this.#isPending = false;
    this.#count += 1;
    // A client that is gone cannot be told; the call itself notices.
    this.#send?.({ progress: this.#count, message: this.#message }).catch(() => undefined);
  }
}
