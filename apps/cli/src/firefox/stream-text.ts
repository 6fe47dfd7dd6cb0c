/** A piece of a stream: the text from `from` on is replaced by `text`. */
export interface Chunk {
  readonly from: number;
  readonly text: string;
}

/** What a piece did to the text so far. */
export type Change =
  | { readonly kind: "same" }
  /** It went on by `text`. */
  | { readonly kind: "appended"; readonly text: string }
  /** What was there has changed, from this character on. */
  | { readonly kind: "rewritten"; readonly at: number }
  /** The piece begins behind the end: one before it is missing, and the text is as it was. */
  | { readonly kind: "gap" };

/** The text of a stream, put together from its pieces. */
export class StreamText {
  #text = "";

  get text(): string {
    return this.#text;
  }

  take({ from, text }: Chunk): Change {
    if (from > this.#text.length) return { kind: "gap" };
    return this.replace(this.#text.slice(0, from) + text);
  }

  /** The whole text, from a better source. */
  replace(text: string): Change {
    const former = this.#text;
    this.#text = text;
    if (text === former) return { kind: "same" };
    if (text.startsWith(former)) return { kind: "appended", text: text.slice(former.length) };
    return { kind: "rewritten", at: commonLength(former, text) };
  }
}

const commonLength = (a: string, b: string): number => {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
};
