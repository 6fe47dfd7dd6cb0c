/** A text that grows and is kept only up to a length. `dropped` = characters that are not kept any more. */
export interface CappedText {
  readonly text: string;
  readonly dropped: number;
}

export const NO_TEXT: CappedText = { text: "", dropped: 0 };

/** Characters of one item's text that are kept. */
export const TEXT_CHARS_MAX = 400_000;
/** Characters of one command's output that are kept. */
export const OUTPUT_CHARS_MAX = 200_000;

/** Keeps the end, which is what matters of an output: cut with some room, so that it is not copied for every delta. */
export const appendEnd = (capped: CappedText, more: string, max = OUTPUT_CHARS_MAX): CappedText => {
  const text = capped.text + more;
  if (text.length <= max * 1.5) return { text, dropped: capped.dropped };
  const cut = text.length - max;
  return { text: text.slice(cut), dropped: capped.dropped + cut };
};

/** Keeps the beginning, which is what matters of prose. */
export const appendStart = (capped: CappedText, more: string, max = TEXT_CHARS_MAX): CappedText => {
  const room = max - capped.text.length;
  if (more.length <= room) return { text: capped.text + more, dropped: capped.dropped };
  return { text: capped.text + more.slice(0, room), dropped: capped.dropped + more.length - room };
};

/** The last lines of a text, and how many stand before them. */
export const lastLines = (text: string, lines: number): { shown: string; before: number } => {
  const body = text.endsWith("\n") ? text.slice(0, -1) : text;
  let at = body.length;
  for (let found = 0; found < lines; found += 1) {
    at = body.lastIndexOf("\n", at - 1);
    if (at <= 0) return { shown: body, before: 0 };
  }
  return { shown: body.slice(at + 1), before: body.slice(0, at).split("\n").length };
};
