import fs from "node:fs";
import { crc32 } from "node:zlib";

import { crcTrailer, verifiedBody } from "./crc-trailer.ts";
import { Damage, NewerFormat } from "./damaged-file.ts";
import { MODE_PRIVATE, replaceFile } from "./durable-write.ts";
import { type Read, readGenerations } from "./generations.ts";
import type { Former } from "./install-steps.ts";

/** The newest `minReader` this release can read; scripts/runtime compares it with the disk before a rollback. */
export const JSON_READER = 1;

export interface ReadCheckedOptions {
  /** The newest `minReader` this program understands. Default: JSON_READER. */
  reader?: number;
  /** The sentence of DamagedFileError that says what to do. */
  help?: string;
}

/**
 * Reads a small JSON object written by `writeChecked`; the crc is not part of the value.
 *
 * @returns the value and which generation it is from, or undefined when neither generation exists
 * @throws DamagedFileError when no generation can be believed or one needs a newer reader (`minReader`)
 */
export function readChecked<T extends object>(path: string, o: ReadCheckedOptions = {}): Read<T> | undefined {
  const reader = o.reader ?? JSON_READER;
  return readGenerations(path, (bytes) => parseChecked<T>(bytes, reader), o.help);
}

/**
 * Writes a JSON object with a crc as its last key, durably, keeping the former generation as `<path>.prev`.
 * A damaged file never becomes the former generation; it is set aside as `<path>.damaged`.
 *
 * @throws TypeError when `value` is not a plain JSON object; otherwise as `writeFileDurable`
 */
export function writeChecked(path: string, value: object, o: { mode?: number; keepPrevious?: boolean } = {}): void {
  const former = o.keepPrevious === false ? "drop" : formerOf(path);
  replaceFile(path, serializeChecked(value), { mode: o.mode ?? MODE_PRIVATE, former });
}

function serializeChecked(value: object): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined || !text.startsWith("{")) throw new TypeError("only a JSON object can be a checked file");
  const body = text.slice(0, -1);
  return body + crcTrailer(crc32(body), body === "{");
}

function parseChecked<T>(bytes: Buffer, reader: number): T {
  const text = `${verifiedBody(bytes).toString("utf8")}}`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Damage("it is not JSON");
  }
  const minReader: unknown = (value as { minReader?: unknown }).minReader;
  if (typeof minReader === "number" && minReader > reader) {
    throw new NewerFormat(`it was written by a newer release (it needs reader ${minReader}, this is ${reader})`);
  }
  return value as T;
}

function formerOf(path: string): Former {
  try {
    verifiedBody(fs.readFileSync(path));
    return "keep";
  } catch (error) {
    if (error instanceof Damage) return "setAside";
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "drop";
    throw error;
  }
}
