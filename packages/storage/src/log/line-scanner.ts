import { NEWLINE } from "./line.ts";
import { readUpTo } from "./file-io.ts";

/** One line inside a scan buffer that is reused afterwards. `complete` is false for a last line without newline. */
export interface ScannedLine {
  buffer: Buffer;
  start: number;
  end: number;
  /** Offset of the line in the file. */
  offset: number;
  complete: boolean;
}

/**
 * Calls `visit` for every line of `[from, to)` in order; stops when it returns false. Memory is one chunk, or the
 * longest line when that is longer.
 */
export function scanLines(
  fd: number,
  o: { from: number; to: number; chunkBytes?: number },
  visit: (line: ScannedLine) => boolean,
): void {
  let buffer: Buffer = Buffer.allocUnsafe(Math.max(1, Math.min(o.chunkBytes ?? 262_144, o.to - o.from)));
  let held = 0; // bytes of an unfinished line at the front of the buffer
  let searched = 0; // of those, bytes known to hold no newline
  let position = o.from; // file offset behind the held bytes
  for (;;) {
    if (held === buffer.length) buffer = grow(buffer);
    const count = readUpTo(fd, buffer, held, Math.min(buffer.length - held, o.to - position), position);
    const filled = held + count;
    const base = position - held;
    position += count;
    let start = 0;
    let end = findNewline(buffer, searched, filled);
    while (end >= 0) {
      if (!visit({ buffer, start, end, offset: base + start, complete: true })) return;
      start = end + 1;
      end = findNewline(buffer, start, filled);
    }
    if (count === 0 || position >= o.to) {
      if (start < filled) visit({ buffer, start, end: filled, offset: base + start, complete: false });
      return;
    }
    buffer.copyWithin(0, start, filled);
    held = filled - start;
    searched = held;
  }
}

function findNewline(buffer: Buffer, from: number, filled: number): number {
  const at = buffer.indexOf(NEWLINE, from);
  return at >= 0 && at < filled ? at : -1;
}

function grow(buffer: Buffer): Buffer {
  const larger = Buffer.allocUnsafe(buffer.length * 2);
  buffer.copy(larger, 0);
  return larger;
}
