/** Something on a page that takes text. */
export interface Editor {
  /** Replaces what it holds, or adds to it. What it holds then may differ: look at `text`. */
  insert(text: string, o: { readonly append: boolean }): Promise<void>;
  /** What it holds, without a line end at its end. */
  text(): string;
}

/** Whether a held text is the given one, but for line ends at its end and for marks of width zero that editors add. */
export const isSameText = (held: string, given: string): boolean => plain(held) === plain(given);

const plain = (text: string): string =>
  text
    .replaceAll("\r\n", "\n")
    .replaceAll(/[\u200B\uFEFF]/g, "")
    .replace(/\n+$/, "");
