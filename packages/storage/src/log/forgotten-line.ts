import { encodeLines } from "./line.ts";
import { DATA_KEY, headOf } from "./record.ts";
import type { EventHead } from "./types.ts";

const FORGOTTEN = Buffer.from('{"forgotten":true', "latin1");

/** What is kept of a forgotten record beside its head; undefined or an empty object: nothing. */
export type RestOf = (head: EventHead, data: unknown) => Readonly<Record<string, unknown>> | undefined;

/** True when the record line's data has been replaced already. */
export function isForgottenLine(buffer: Buffer, start: number, end: number): boolean {
  const at = dataStart(buffer, start, end);
  return at >= 0 && buffer.compare(FORGOTTEN, 0, FORGOTTEN.length, at, at + FORGOTTEN.length) === 0;
}

/** The record line (without its newline) with `{"forgotten":true, ...rest}` as its data: same head, its own checksum. */
export function forgottenLine(buffer: Buffer, start: number, end: number, rest: RestOf): Buffer {
  const at = dataStart(buffer, start, end);
  const { data } = JSON.parse(buffer.toString("utf8", start, end)) as { data: unknown };
  const kept = { forgotten: true, ...rest(headOf(buffer, start, end), data) };
  return encodeLines([`${buffer.toString("utf8", start, at)}${JSON.stringify(kept)},`]).buffer;
}

/** Offset of a record line's data; -1 when it has none. */
function dataStart(buffer: Buffer, start: number, end: number): number {
  const at = buffer.subarray(start, end).indexOf(DATA_KEY);
  return at < 0 ? -1 : start + at + DATA_KEY.length;
}
