import { headerValues } from "./raw-headers.ts";

/** `application/json`, optionally with `charset=utf-8`; no other parameter, no suffix type. */
const JSON_TYPE = /^application\/json(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?$/i;

/**
 * Whether the body (if there is one) is declared as JSON, judged by headers alone, before a byte is read.
 * A Content-Type that is given must be JSON even when no body follows.
 */
export function hasJsonOrNoBody(rawHeaders: readonly string[]): boolean {
  const types = headerValues(rawHeaders, "content-type");
  if (types.length > 1) return false;
  const type = types[0];
  if (type !== undefined) return JSON_TYPE.test(type);
  if (headerValues(rawHeaders, "transfer-encoding").length > 0) return false;
  return headerValues(rawHeaders, "content-length").every((length) => length === "0");
}
