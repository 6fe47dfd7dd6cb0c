import { FIREFOX_LIMITS } from "@baa/contracts/firefox";

/** Characters of a stream that are kept; the command's result has it whole. */
const TEXT_CHARS = FIREFOX_LIMITS.inlineResultChars;
/** Characters of its changes that are told: a page that renders its answer anew without end must not fill the disk. */
const TOLD_CHARS = 16 * TEXT_CHARS;

export interface Chunk {
  readonly n: number;
  readonly from: number;
  readonly text: string;
}

/** What a chunk did to the text of a stream. */
export type ChunkOutcome =
  /** From here on it is another text now. */
  | { readonly kind: "changed"; readonly from: number; readonly text: string }
  | { readonly kind: "same" }
  /** One before it is missing: the whole text must come again. */
  | { readonly kind: "gap" };

/**
 * The text of a running stream, as the chunks of one connection build it. Each replaces the text from an offset on, and
 * they are numbered from 0. What another connection had brought may have been followed by chunks that were lost, so the
 * first chunk must begin at offset 0; after a gap nothing counts until one does.
 */
export class StreamText {
  #text: string;
  /** Of the stream itself; what is kept may be shorter. */
  #chars = 0;
  #next = 0;
  #isAsked = false;
  #changedChars = 0;

  /** `text`: what is kept of it so far. */
  constructor(text: string) {
    this.#text = text;
  }

  get text(): string {
    return this.#text;
  }

  /** Whether its last change is told, too. Once one is not, none is. */
  get isTold(): boolean {
    return this.#changedChars <= TOLD_CHARS;
  }

  apply({ n, from, text }: Chunk): ChunkOutcome {
    const follows = n === this.#next && !this.#isAsked && from <= this.#chars;
    this.#next = n + 1;
    if (from === 0 || follows) return this.#replace(from, text);
    if (this.#isAsked) return { kind: "same" };
    this.#isAsked = true;
    return { kind: "gap" };
  }

  #replace(from: number, text: string): ChunkOutcome {
    this.#isAsked = false;
    this.#chars = from + text.length;
    const after = (this.#text.slice(0, from) + text).slice(0, TEXT_CHARS);
    if (from >= TEXT_CHARS || after === this.#text) return { kind: "same" };
    this.#text = after;
    this.#changedChars += after.length - from;
    return { kind: "changed", from, text: after.slice(from) };
  }
}
