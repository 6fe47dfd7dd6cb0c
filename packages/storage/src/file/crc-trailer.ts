import { crc32 } from "node:zlib";

import { Damage } from "./damaged-file.ts";

/**
 * The end of every checked file: `,"crc":"<8 hex>"}` and a newline, the crc32 of all bytes before the comma.
 * It is the last key of a JSON object, so the file stays readable by any JSON tool. Newer formats keep this trailer.
 */
const TRAILER = /^,"crc":"([0-9a-f]{8})"\}\n$/;
export const TRAILER_BYTES = 19;

/** The trailer for a body of this crc32. After a bare `{` there is nothing to separate, so no comma. */
export function crcTrailer(crc: number, afterBareBrace = false): string {
  return `${afterBareBrace ? "" : ","}"crc":"${crc.toString(16).padStart(8, "0")}"}\n`;
}

/**
 * The bytes that a checked file's crc covers, verified.
 * @throws Damage when the end is missing, is not ours to the byte, or the crc is another
 */
export function verifiedBody(bytes: Buffer): Buffer {
  const isBareBrace = bytes.length === TRAILER_BYTES && bytes[0] === 0x7b;
  const bodyEnd = isBareBrace ? 1 : bytes.length - TRAILER_BYTES;
  if (bodyEnd < 1) throw new Damage(`it ends after ${bytes.length} bytes`);
  const trailer = (isBareBrace ? "," : "") + bytes.toString("latin1", bodyEnd);
  const found = TRAILER.exec(trailer)?.[1];
  if (found === undefined) throw new Damage("its end is missing or overwritten");
  const body = bytes.subarray(0, bodyEnd);
  const counted = crc32(body).toString(16).padStart(8, "0");
  if (counted !== found) throw new Damage(`its checksum is ${found} but its content has ${counted}`);
  return body;
}
