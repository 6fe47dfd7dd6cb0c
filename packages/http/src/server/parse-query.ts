import { parse } from "node:querystring";

/** One parser for plain requests and upgrades. A name given twice becomes a list, which no schema of ours takes. */
export const parseQuery = (text: string): Record<string, unknown> => ({ ...parse(text) });

/** The part of a target after `?`. */
export function queryOf(target: string): string {
  const start = target.indexOf("?");
  return start === -1 ? "" : target.slice(start + 1);
}
