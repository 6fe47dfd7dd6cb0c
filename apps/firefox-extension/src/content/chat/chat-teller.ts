import type { FromPage, PageOutcome } from "../../shared/page-messages.ts";
import { textChange } from "../../shared/text-change.ts";

/** Tells the background something; rejects while there is none. */
export type Tell = (message: FromPage) => Promise<unknown>;

/** How often an end is told again while there is no background to hear it. */
const TRIES = 60;
const AGAIN_MS = 1_000;

/**
 * Tells the background what becomes of a chat: the text as changes of what was told before, one on its way at a time,
 * and the end. A change that did not arrive is followed by the whole text.
 */
export class ChatTeller {
  readonly #id: string;
  readonly #tell: Tell;
  #text = "";
  #told = "";
  #outcome: PageOutcome | undefined;
  #isEndTold = false;
  #isTelling = false;
  /** How often it has begun anew; what was on its way before then tells nothing to the new listener. */
  #round = 0;

  constructor(id: string, tell: Tell) {
    this.#id = id;
    this.#tell = tell;
  }

  get isOver(): boolean {
    return this.#outcome !== undefined;
  }

  text(text: string): void {
    this.#text = text;
    void this.#pump();
  }

  /** The first end counts. */
  end(outcome: PageOutcome): void {
    this.#outcome ??= outcome;
    void this.#pump();
  }

  /** All of it again, to a background that knows nothing of it. */
  retell(): void {
    this.#round += 1;
    this.#told = "";
    this.#isEndTold = false;
    void this.#pump();
  }

  async #pump(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      for (let tries = 0; tries < TRIES;) {
        const message = this.#next();
        if (message === undefined) return;
        const text = this.#text;
        const round = this.#round;
        const isHeard = await this.#tell(message).then(
          () => true,
          () => false, // no background just now
        );
        if (round !== this.#round) continue;
        if (message.kind === "chunk") this.#told = isHeard ? text : "";
        else this.#isEndTold = isHeard;
        if (isHeard) continue;
        tries += 1;
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    } finally {
      this.#isTelling = false;
    }
  }

  #next(): FromPage | undefined {
    const change = textChange(this.#told, this.#text);
    if (change !== undefined) return { kind: "chunk", id: this.#id, ...change };
    if (this.#outcome === undefined || this.#isEndTold) return undefined;
    return { kind: "ended", id: this.#id, outcome: this.#outcome };
  }
}
