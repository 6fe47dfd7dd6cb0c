/** How a text became another one: from `from` on (UTF-16 units) it is replaced by `text`. */
export interface TextChange {
  readonly from: number;
  readonly text: string;
}

/** The smallest such change; undefined when nothing has changed. Never begins in the middle of a character. */
export const textChange = (old: string, now: string): TextChange | undefined => {
  if (old === now) return undefined;
  const shared = Math.min(old.length, now.length);
  let from = 0;
  while (from < shared && old.charCodeAt(from) === now.charCodeAt(from)) from += 1;
  if (isHighSurrogate(now.charCodeAt(from - 1)) || isHighSurrogate(old.charCodeAt(from - 1))) from -= 1;
  return { from, text: now.slice(from) };
};

/** The text after a change. A change that begins behind the end of the old text cannot be applied: undefined. */
export const applyChange = (old: string, change: TextChange): string | undefined =>
  change.from > old.length ? undefined : old.slice(0, change.from) + change.text;

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
