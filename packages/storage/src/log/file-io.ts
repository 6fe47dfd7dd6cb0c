import fs from "node:fs";

/** Writes all of `buffer` at `position`, however short the single writes are. Throws what `write` throws. */
export function writeAll(fd: number, buffer: Uint8Array, position: number): void {
  let done = 0;
  while (done < buffer.length) {
    const count = fs.writeSync(fd, buffer, done, buffer.length - done, position + done);
    if (count <= 0) throw Object.assign(new Error("write made no progress"), { code: "EIO" });
    done += count;
  }
}

/** Reads up to `length` bytes from `position`; short only at the end of the file. */
export function readUpTo(fd: number, buffer: Buffer, at: number, length: number, position: number): number {
  let done = 0;
  while (done < length) {
    const count = fs.readSync(fd, buffer, at + done, length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** Makes creations, renames and removals in `dir` durable. */
export function fsyncDir(dir: string): void {
  const fd = fs.openSync(dir, "r");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Flushes data and size without blocking the loop. Linux has fdatasync for that; on macOS only fsync is a full flush
 * (F_FULLFSYNC, by libuv).
 */
export function syncData(fd: number, done: (error: Error | null) => void): void {
  if (process.platform === "linux") fs.fdatasync(fd, done);
  else fs.fsync(fd, done);
}

/** Flushes a file, or the names in a directory, without blocking the loop. */
export function sync(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fsync(fd, (error) => (error ? reject(error) : resolve()));
  });
}
