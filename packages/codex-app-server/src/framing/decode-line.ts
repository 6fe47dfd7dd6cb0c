import { isUtf8 } from "node:buffer";

const REPLACEMENT = "\uFFFD";
const REPLACEMENT_BYTES = Buffer.from(REPLACEMENT, "utf8");

/** The text of a whole line, and how many invalid byte sequences became one U+FFFD each. */
export interface DecodedLine {
  text: string;
  invalid: number;
}

/** Decodes one complete line as UTF-8; each maximal invalid sequence becomes exactly one U+FFFD. */
export function decodeLine(line: Buffer): DecodedLine {
  const text = line.toString("utf8");
  if (isUtf8(line)) return { text, invalid: 0 };
  return { text, invalid: countText(text, REPLACEMENT) - countBytes(line, REPLACEMENT_BYTES) };
}

function countText(text: string, part: string): number {
  let count = 0;
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) count += 1;
  return count;
}

function countBytes(bytes: Buffer, part: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(part); at !== -1; at = bytes.indexOf(part, at + part.length)) count += 1;
  return count;
}
