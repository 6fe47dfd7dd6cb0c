/**
 * How deep a message may nest. Codex reads with serde_json, which gives up at 128 and then answers nothing at all.
 */
export const MESSAGE_DEPTH_MAX = 100;

/** JSON.stringify writes a lone surrogate as `\udXXX`; Codex's parser refuses that and answers nothing. */
const MAYBE_LONE_SURROGATE = /\\ud[89a-f]/;

/** A message that must not be sent: nested too deep, or not JSON at all. */
export class MessageRefusedError extends Error {
  override readonly name = "MessageRefusedError";
}

/**
 * One message as one line with its newline, always well-formed UTF-8: lone surrogates become U+FFFD.
 * Throws MessageRefusedError for what JSON cannot say (cycles, BigInt) or what nests deeper than 100.
 */
export function encodeMessage(message: Record<string, unknown>): string {
  const json = stringify(message);
  if (nesting(json) > MESSAGE_DEPTH_MAX) {
    throw new MessageRefusedError(`the message nests deeper than ${MESSAGE_DEPTH_MAX} levels`);
  }
  if (!MAYBE_LONE_SURROGATE.test(json)) return `${json}\n`;
  return `${JSON.stringify(toWellFormedDeep(JSON.parse(json)))}\n`;
}

function stringify(message: Record<string, unknown>): string {
  try {
    return JSON.stringify(message);
  } catch (cause) {
    throw new MessageRefusedError("the message cannot be written as JSON", { cause });
  }
}

/** Depth of a valid JSON text, brackets within strings left out. */
function nesting(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (code === 0x22) at = endOfString(json, at);
    else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, (depth += 1));
    else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return deepest;
}

/** Index of the quote that ends the string which begins at `start`. */
function endOfString(json: string, start: number): number {
  let end = json.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(json, end)) end = json.indexOf('"', end + 1);
  return end === -1 ? json.length : end;
}

function isEscaped(json: string, at: number): boolean {
  let backslashes = 0;
  while (json.charCodeAt(at - 1 - backslashes) === 0x5c) backslashes += 1;
  return backslashes % 2 === 1;
}

/** A copy of plain JSON in which every string, keys too, is well-formed Unicode. */
export function toWellFormedDeep(value: unknown): unknown {
  if (typeof value === "string") return toWellFormed(value);
  if (Array.isArray(value)) return value.map(toWellFormedDeep);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [toWellFormed(key), toWellFormedDeep(inner)]));
}

/** `String.prototype.toWellFormed` (Node 20 has it, the es2023 library does not name it). */
function toWellFormed(text: string): string {
  return text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD");
}
