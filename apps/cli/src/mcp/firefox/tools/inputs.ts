import * as z from "zod";

export const browser = z
  .string()
  .min(1)
  .max(64)
  .optional()
  .describe("Which browser, by its name or id. Not needed when only one is connected");
export const tabId = z
  .number()
  .int()
  .optional()
  .describe("A tab of firefox_tabs; without it the active tab of the window used last");
export const selector = z.string().min(1).max(2048).describe("A CSS selector; the first element that fits");
export const url = z
  .string()
  .max(8192)
  .regex(/^https?:\/\//, { error: "must begin with http:// or https://" });

/** Characters of a page that one call gives at most, and what part of it. */
export const part = {
  offset: z.number().int().min(0).default(0).describe("Where to begin, in characters: `nextOffset` of the call before"),
  maxChars: z.number().int().min(1).max(1_000_000).default(50_000).describe("How much of it at most"),
};

/** First in all that carries words of a page. */
export const notice = z.string().describe("How to take what follows");

export interface Part {
  readonly content: string;
  readonly chars: number;
  /** Missing at the end. */
  readonly nextOffset?: number;
}

export const partOf = (whole: string, o: { readonly offset: number; readonly maxChars: number }): Part => {
  const end = o.offset + o.maxChars;
  const content = whole.slice(o.offset, end);
  return { content, chars: whole.length, ...(end < whole.length ? { nextOffset: end } : {}) };
};
