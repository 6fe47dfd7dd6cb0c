import zlib from "node:zlib";

/**
 * One line of the log: `<body>,"crc":"xxxxxxxx"}\n`. The checksum is the CRC-32 of every byte before `"crc"`, the comma
 * included. Overwriting that comma by `}` makes the frame, so a frame is a view of the line and never a copy.
 */
const CRC_KEY = Buffer.from('"crc":"', "latin1");
/** Bytes of `"crc":"xxxxxxxx"}`. */
export const CRC_BYTES = 17;
export const NEWLINE = 0x0a;
const COMMA = 0x2c;
const BRACE = 0x7d;
const QUOTE = 0x22;

/** Turns JSON texts of objects, each with its closing brace replaced by a comma, into checksummed lines in one buffer. */
export function encodeLines(texts: readonly string[]): { buffer: Buffer; starts: number[] } {
  let total = 0;
  const starts: number[] = [];
  for (const text of texts) {
    starts.push(total);
    total += Buffer.byteLength(text) + CRC_BYTES + 1;
  }
  const buffer = Buffer.allocUnsafe(total);
  texts.forEach((text, index) => {
    const start = starts[index]!;
    const end = start + buffer.write(text, start);
    const crc = zlib.crc32(buffer.subarray(start, end));
    buffer.write(`"crc":"${crc.toString(16).padStart(8, "0")}"}\n`, end, "latin1");
  });
  return { buffer, starts };
}

/** One checksummed line for a plain object (headers, trailers). */
export function encodeObjectLine(value: object): Buffer {
  return encodeLines([`${JSON.stringify(value).slice(0, -1)},`]).buffer;
}

/** True when `buffer[start, end)` (without its newline) ends with the right checksum. */
export function isIntactLine(buffer: Buffer, start: number, end: number): boolean {
  return checkedPart(buffer, start, end) !== undefined;
}

/**
 * The frame of a line, made in place, when its checksum is right. The buffer must be private to the caller. One view
 * serves the check and the frame: views are half of what reading a record costs.
 */
export function intactFrame(buffer: Buffer, start: number, end: number): Buffer | undefined {
  const frame = checkedPart(buffer, start, end);
  if (frame !== undefined) frame[frame.length - 1] = BRACE;
  return frame;
}

/** What the checksum of a line covers, up to and with the comma in front of it; undefined when it does not match. */
function checkedPart(buffer: Buffer, start: number, end: number): Buffer | undefined {
  const crcStart = end - CRC_BYTES;
  if (crcStart <= start || buffer[end - 1] !== BRACE || buffer[end - 2] !== QUOTE) return undefined;
  if (buffer[crcStart - 1] !== COMMA) return undefined;
  for (let i = 0; i < CRC_KEY.length; i += 1) if (buffer[crcStart + i] !== CRC_KEY[i]) return undefined;
  let stored = 0;
  for (let i = crcStart + CRC_KEY.length; i < end - 2; i += 1) {
    const digit = lowerHexDigit(buffer[i]!);
    if (digit < 0) return undefined;
    stored = stored * 16 + digit;
  }
  const checked = buffer.subarray(start, crcStart);
  return zlib.crc32(checked) === stored ? checked : undefined;
}

function lowerHexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1;
}

/** Makes the frame of an intact line in place: the buffer must be private to the caller and already written or read. */
export function frameInPlace(buffer: Buffer, start: number, end: number): Buffer {
  const last = end - CRC_BYTES - 1;
  buffer[last] = BRACE;
  return buffer.subarray(start, last + 1);
}

/** The object of an intact line, checksum and all. */
export function parseLine(buffer: Buffer, start: number, end: number): unknown {
  return JSON.parse(buffer.toString("utf8", start, end));
}
