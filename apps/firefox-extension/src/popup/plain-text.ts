/** Controls, and characters that turn the direction of what follows or are not seen at all. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** Text of a page or a server, made safe to stand beside ours: one line, nothing unseen in it, at most `max` characters. */
export const plain = (text: string, max: number): string => {
  const line = text
    .slice(0, max * 4)
    .replaceAll(UNSEEN, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  const chars = Array.from(line);
  return chars.length <= max
    ? line
    : `${chars
        .slice(0, max - 1)
        .join("")
        .trimEnd()}…`;
};

/** A sentence with commands between backticks, as pieces. */
export const pieces = (text: string): readonly { readonly text: string; readonly isCode: boolean }[] =>
  text
    .split("`")
    .map((piece, index) => ({ text: piece, isCode: index % 2 === 1 }))
    .filter(({ text: piece }) => piece !== "");
