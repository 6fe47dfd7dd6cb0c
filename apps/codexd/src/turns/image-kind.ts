import fs from "node:fs";

/** Codex reads a picture whole, so one has a limit. */
const IMAGE_BYTES_MAX = 32 * 1024 * 1024;
const HEAD_BYTES = 12;

/** Whether it begins like a picture that Codex shows to the model; any other it leaves out without an error (0.169.0). */
const isImageHead = (head: Buffer): boolean =>
  head.subarray(0, 8).equals(Buffer.from("\x89PNG\r\n\x1a\n", "latin1")) ||
  head.subarray(0, 3).equals(Buffer.from("\xff\xd8\xff", "latin1")) ||
  ["GIF87a", "GIF89a"].includes(head.toString("latin1", 0, 6)) ||
  (head.toString("latin1", 0, 4) === "RIFF" && head.toString("latin1", 8, 12) === "WEBP");

/** The bytes of a `data:` URL, whatever it says they are. */
export const isImageData = (url: string): boolean => {
  const start = url.indexOf(",") + 1;
  return isImageHead(Buffer.from(url.slice(start, start + 16), "base64"));
};

/** Of a regular file: it is opened and its first bytes are read. False when it cannot be. */
export const isImageFile = (path: string): boolean => {
  const fd = tryOpen(path);
  if (fd === undefined) return false;
  try {
    if (fs.fstatSync(fd).size > IMAGE_BYTES_MAX) return false;
    const head = Buffer.alloc(HEAD_BYTES);
    const read = fs.readSync(fd, head, 0, HEAD_BYTES, 0);
    return isImageHead(head.subarray(0, read));
  } finally {
    fs.closeSync(fd);
  }
};

const tryOpen = (path: string): number | undefined => {
  try {
    return fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  } catch {
    // Whatever the reason, Codex could not read it either.
    return undefined;
  }
};
