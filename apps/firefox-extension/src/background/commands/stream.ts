import { type ClientFrame, FIREFOX_LIMITS } from "@baa/contracts/firefox";
import { applyChange, type TextChange, textChange } from "../../shared/text-change.ts";

/** Where chunks go. */
export interface StreamSink {
  send(frame: ClientFrame): void;
  readonly bufferedBytes: number;
}

/**
 * The text that a command streams: told at most every `chunkMs`, each time as the change against what was sent last, so
 * what changes twice in between goes once. Nothing is sent while much is unsent; the next change makes up for it.
 */
export class Stream {
  readonly #id: string;
  #text = "";
  #sink: StreamSink | undefined;
  #sent = "";
  #n = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastAt = 0;

  constructor(id: string) {
    this.#id = id;
  }

  /** A new connection knows nothing of it; undefined: there is none. */
  connect(sink: StreamSink | undefined): void {
    this.#sink = sink;
    this.#n = 0;
    this.resync();
  }

  /** Sends the whole text again. */
  resync(): void {
    this.#sent = "";
    this.#schedule();
  }

  /** @returns false when text before the change is missing. */
  change(change: TextChange): boolean {
    const text = applyChange(this.#text, change);
    if (text === undefined) return false;
    this.#text = text;
    this.#schedule();
    return true;
  }

  /** Nothing more is sent. */
  end(): void {
    clearTimeout(this.#timer);
    this.#sink = undefined;
  }

  #schedule(): void {
    if (this.#sink === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#send();
      },
      Math.max(0, this.#lastAt + FIREFOX_LIMITS.chunkMs - Date.now()),
    );
  }

  #send(): void {
    const sink = this.#sink;
    const change = textChange(this.#sent, this.#text);
    if (sink === undefined || change === undefined) return;
    this.#lastAt = Date.now();
    if (sink.bufferedBytes > FIREFOX_LIMITS.bufferedBytes) return this.#schedule();
    // One frame carries so much; what is left follows in the next.
    const text = change.text.slice(0, FIREFOX_LIMITS.partChars);
    sink.send({ t: "chunk", id: this.#id, n: this.#n, from: change.from, text });
    this.#n += 1;
    this.#sent = this.#sent.slice(0, change.from) + text;
    if (this.#sent !== this.#text) this.#schedule();
  }
}
