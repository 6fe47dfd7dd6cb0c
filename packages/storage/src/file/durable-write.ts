import fs from "node:fs";

import { type Former, installSteps, runSteps } from "./install-steps.ts";
import { removeStaleTemps, tempNameFor } from "./temp-file.ts";

export type FileContent = string | Uint8Array | Iterable<string | Uint8Array>;

export interface DurableWriteOptions {
  /** Permission bits of the new file, whatever the umask. Default 0600. */
  mode?: number;
  /** Keep the file that was there as `<path>.prev`. Default false. */
  keepPrevious?: boolean;
}

export const MODE_PRIVATE = 0o600;
const BLOCK_BYTES = 64 * 1024;

/**
 * Replaces `path` by `content`, so that after a return it is on the disk, and after an error (a full disk, a failed
 * sync, an iterable that throws) the file that was there is untouched and no temporary is left.
 *
 * Temporary in the same directory, every byte written and counted, fsync, rename, fsync of the directory. Small and
 * rare files only: it blocks for the time of two fsyncs.
 *
 * @throws the error of the system call that failed, as Node gives it (`code` is ENOSPC, EDQUOT, EFBIG, EIO …)
 */
export function writeFileDurable(path: string, content: FileContent, o: DurableWriteOptions = {}): void {
  replaceFile(path, content, { mode: o.mode ?? MODE_PRIVATE, former: o.keepPrevious ? "keep" : "drop" });
}

/** The same with every choice about the former file. */
export function replaceFile(path: string, content: FileContent, o: { mode: number; former: Former }): void {
  removeStaleTemps(path);
  const temp = tempNameFor(path);
  try {
    writeNewFile(temp, content, o.mode);
    runSteps(installSteps({ temp, path, former: o.former }));
  } catch (error) {
    fs.rmSync(temp, { force: true });
    throw error;
  }
}

/** Makes a file that must not exist yet and syncs its content (not its name: that is the directory's). */
export function writeNewFile(path: string, content: FileContent, mode: number): void {
  const fd = fs.openSync(path, fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL, mode);
  try {
    fs.fchmodSync(fd, mode);
    for (const block of inBlocks(content)) writeAll(fd, block);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Writes every byte. A disk that fills up in the middle shortens a write without an error; only the next write says
 * ENOSPC. Two popular packages miss that and rename the truncated file over the good one.
 */
function writeAll(fd: number, bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.byteLength) {
    const written = fs.writeSync(fd, bytes, offset, bytes.byteLength - offset);
    if (written <= 0) throw noProgress();
    offset += written;
  }
}

export function noProgress(): Error {
  return new Error("write() accepted no byte and reported no error");
}

function* inBlocks(content: FileContent): Generator<Uint8Array> {
  if (typeof content === "string") {
    yield Buffer.from(content);
    return;
  }
  if (content instanceof Uint8Array) {
    yield content;
    return;
  }
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for (const piece of content) {
    const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
    held.push(bytes);
    heldBytes += bytes.byteLength;
    if (heldBytes < BLOCK_BYTES) continue;
    yield Buffer.concat(held);
    held = [];
    heldBytes = 0;
  }
  if (heldBytes > 0) yield Buffer.concat(held);
}
