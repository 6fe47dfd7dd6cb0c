import { FIREFOX_LIMITS, type SiteAdapter } from "@baa/contracts/firefox";
import { Changes, pause } from "../changes.ts";
import { Answers } from "./answers.ts";
import { stateOfAnswer } from "./chat-end-machine.ts";
import { type MarkedPage, markHere } from "./marks.ts";

/** Watches what a page answers, from the moment at which it is made: just before the prompt is sent. */
export class AnswerWatch {
  readonly #adapter: SiteAdapter;
  readonly #answers: Answers<HTMLElement>;
  readonly #changes: Changes;
  #text = "";
  #hasAnswer = false;
  #wasBusy = false;
  #wasStopped = false;

  constructor(adapter: SiteAdapter) {
    this.#adapter = adapter;
    this.#answers = new Answers(document as unknown as MarkedPage<HTMLElement>, adapter.answer);
    // A short answer may be over before it is looked for.
    this.#changes = new Changes(document, () => (this.#wasBusy ||= this.#isBusy()));
    document.addEventListener("click", this.#onClick, { capture: true });
  }

  /** All that is known of the answer. */
  get text(): string {
    return this.#text;
  }

  /** Whether the page's stop button was pressed, by us or by the user. */
  get wasStopped(): boolean {
    return this.#wasStopped;
  }

  /** Whether the page has begun to answer. */
  hasBegun(): boolean {
    return this.#wasBusy || this.#isBusy() || this.#answers.newest() !== undefined;
  }

  /** Until the answer is over. `onText` gets its whole text, at most every `chunkMs`. */
  async follow(onText: (text: string) => void, signal: AbortSignal): Promise<"over" | "no answer" | "cancelled"> {
    const { settleMs } = this.#adapter;
    let quietSince = performance.now();
    let wasBusyBefore: boolean | undefined;
    for (;;) {
      if (signal.aborted) return "cancelled";
      const isBusy = this.#isBusy();
      const isNew = this.#read();
      if (isNew) onText(this.#text);
      if (isNew || isBusy !== wasBusyBefore) quietSince = performance.now();
      wasBusyBefore = isBusy;
      const state = stateOfAnswer({
        isBusy,
        wasBusy: this.#wasBusy,
        hasAnswer: this.#hasAnswer,
        hasText: this.#text !== "",
        wasStopped: this.#wasStopped,
        quietMs: performance.now() - quietSince,
        settleMs,
      });
      if (state !== "going on") return state;
      await pause(FIREFOX_LIMITS.chunkMs, signal);
      await this.#changes.next(signal, FIREFOX_LIMITS.chunkMs);
    }
  }

  dispose(): void {
    this.#changes.dispose();
    document.removeEventListener("click", this.#onClick, { capture: true });
  }

  /** @returns whether the text has changed. An answer that is being made anew is missing for a moment: its text stays. */
  #read(): boolean {
    const newest = this.#answers.newest();
    if (newest === undefined) return false;
    this.#hasAnswer = true;
    const text = newest.innerText;
    if (text === this.#text) return false;
    this.#text = text;
    return true;
  }

  #isBusy(): boolean {
    const isBusy = markHere(this.#adapter.busy) !== undefined;
    if (isBusy) this.#wasBusy = true;
    return isBusy;
  }

  readonly #onClick = (event: Event): void => {
    const { target } = event;
    if (!(target instanceof Element)) return;
    if (this.#adapter.stop?.some((selector) => target.closest(selector) !== null) === true) this.#wasStopped = true;
  };
}
