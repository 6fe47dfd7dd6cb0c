// The end of a file that may be large, be cut while it is read, or not be there.
import fs from "node:fs";

const BYTES_MAX = 1024 * 1024;

/** Its last lines up to `end` (bytes), from the last megabyte at most; undefined when there is no file. */
export const lastLines = (file, count, end = Infinity) => {
  if (typeof file !== "string" || !fs.existsSync(file)) return undefined;
  const size = Math.min(end, fs.statSync(file).size);
  const from = Math.max(0, size - BYTES_MAX);
  const buffer = readAt(file, from, size - from);
  const lines = buffer.toString("utf8").trimEnd().split("\n").slice(-count);
  return count === 0 || lines.join("") === "" ? [] : lines;
};

/** At most `length` bytes from a place on; fewer at the end. */
export const readAt = (file, position, length) => {
  const handle = fs.openSync(file, "r");
  try {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, fs.readSync(handle, buffer, 0, length, position));
  } finally {
    fs.closeSync(handle);
  }
};

const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g; // eslint-disable-line no-control-regex

/** What a terminal would obey is shown instead. */
export const printable = (line) =>
  line.replaceAll(CONTROL, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
