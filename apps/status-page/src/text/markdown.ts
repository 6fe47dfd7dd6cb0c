import { Lexer } from "marked";
import type { Token } from "marked";

/** A text that was read as Markdown: its blocks in order. Undefined blocks = it is shown as it is. */
export interface Reading {
  readonly text: string;
  readonly blocks: readonly Token[] | undefined;
}

export const NOTHING_READ: Reading = { text: "", blocks: [] };

/** Above so many characters a text is shown as it is: no agent writes prose of that length. */
const CHARS_MAX = 120_000;
/** Marks in one block; reading them costs the square of their number. */
const MARKS_MAX = 3_000;

/** Quotes and lists nested so deep that reading them takes seconds. */
const TOO_DEEP = /(?:>[ \t]*){40}|^[ \t]{80,}(?:[-*+]|\d{1,9}[.)])[ \t]/m;

/** Blocks of code: read in one go, whatever is in them. */
const FENCED = /^(```|~~~)[^]*?^\1/gm;

/**
 * Reads Markdown into blocks. When the text only grew since `before`, the blocks that it had finished are kept as they
 * are, the very same objects, and only its end is read.
 */
export const readMarkdown = (text: string, before: Reading = NOTHING_READ): Reading => {
  if (text === before.text) return before;
  if (text.length > CHARS_MAX || TOO_DEEP.test(text)) return { text, blocks: undefined };
  const kept = finishedBlocks(text, before);
  const end = text.slice(kept.reduce((chars, { raw }) => chars + raw.length, 0));
  const blocks = lex(end);
  return { text, blocks: blocks && [...kept, ...blocks] };
};

/** All but the last two: a line may still go on the last one, and a blank line is a block of its own. */
const finishedBlocks = (text: string, { text: last, blocks }: Reading): readonly Token[] => {
  if (!blocks || blocks.length < 3 || !text.startsWith(last)) return [];
  const kept = blocks.slice(0, -2);
  // Line ends other than \n and references are not kept as they stand; then the whole is read again.
  const isWhole = blocks.reduce((chars, { raw }) => chars + raw.length, 0) === last.length;
  return isWhole && !kept.some(({ type }) => type === "def") ? kept : [];
};

const lex = (text: string): Token[] | undefined => {
  if (
    text.length > MARKS_MAX &&
    text
      .replaceAll(FENCED, "")
      .split(/\n[ \t]*\n/)
      .some(hasTooManyMarks)
  )
    return undefined;
  try {
    return new Lexer({ gfm: true }).lex(text);
  } catch {
    return undefined; // Nested deeper than can be read.
  }
};

const hasTooManyMarks = (block: string): boolean =>
  block.length > MARKS_MAX && (block.match(/[*_[\]`!<|~]/g)?.length ?? 0) > MARKS_MAX;
