import { ProblemError } from "../problem/problem-error.ts";

/** Nesting allowed in a body; JSON.parse itself takes millions of levels and blocks the loop over them. */
export const JSON_DEPTH_MAX = 64;
/** Members and elements allowed in a body. */
export const JSON_VALUES_MAX = 100_000;
/** Characters of one number: more has no meaning in a double. */
const NUMBER_CHARS_MAX = 128;

/** Names that reach an object's prototype once a parsed body is copied about. */
const FORBIDDEN_KEYS = new Set(["__proto__", "constructor", "prototype"]);

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Parses a JSON body. Depth, size and keys are checked before JSON.parse sees it.
 * @returns undefined for an empty body.
 * @throws ProblemError bad_request: not UTF-8, not JSON, too deep, too many values, a key twice in an object,
 *   or a key that could reach a prototype.
 */
export function parseJsonBody(body: Uint8Array): unknown {
  if (body.length === 0) return undefined;
  let text: string;
  try {
    text = decoder.decode(body);
  } catch (cause) {
    throw new ProblemError("bad_request", "the body is not UTF-8", { cause });
  }
  checkStructure(text);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ProblemError("bad_request", "the body is not JSON", { cause });
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * One pass over the text. It need not know all of JSON's grammar: whatever it misreads in a text that is no
 * JSON, JSON.parse refuses afterwards.
 */
function checkStructure(text: string): void {
  /** Keys of the open objects, undefined for arrays. */
  const open: (Set<string> | undefined)[] = [];
  let values = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      if (isKey(text, end)) addKey(open.at(-1), text.slice(at, end));
      at = end;
      continue;
    }
    if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      open.push(code === OPEN_OBJECT ? new Set() : undefined);
      if (open.length > JSON_DEPTH_MAX)
        throw new ProblemError("bad_request", `the body is nested deeper than ${JSON_DEPTH_MAX}`);
      values += 1;
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      open.pop();
    } else if (code === COMMA) {
      values += 1;
    } else if (isNumberPart(code)) {
      at = endOfNumber(text, at);
      continue;
    }
    if (values > JSON_VALUES_MAX)
      throw new ProblemError("bad_request", `the body has more than ${JSON_VALUES_MAX} values`);
    at += 1;
  }
}

/** Index after the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function isKey(text: string, end: number): boolean {
  let at = end;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return text.charCodeAt(at) === COLON;
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

const isNumberPart = (code: number): boolean => (code >= 0x30 && code <= 0x39) || code === 0x2d;

function endOfNumber(text: string, start: number): number {
  let at = start;
  // Digits, sign, point and exponent.
  while (at < text.length && /[0-9+\-.eE]/.test(text.charAt(at))) {
    at += 1;
    if (at - start > NUMBER_CHARS_MAX) throw new ProblemError("bad_request", "the body has a number that is too long");
  }
  return at;
}

function addKey(keys: Set<string> | undefined, literal: string): void {
  if (keys === undefined) return;
  const key = literal.includes("\\") ? unescape(literal) : literal.slice(1, -1);
  if (FORBIDDEN_KEYS.has(key)) throw new ProblemError("bad_request", "the body has a key that is never accepted");
  if (keys.has(key)) throw new ProblemError("bad_request", "the body has the same key twice in one object");
  keys.add(key);
}

function unescape(literal: string): string {
  try {
    return String(JSON.parse(literal));
  } catch (cause) {
    throw new ProblemError("bad_request", "the body is not JSON", { cause });
  }
}
