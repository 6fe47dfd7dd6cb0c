import fs from "node:fs";
import path from "node:path";
import * as z from "zod";

const recordSchema = z.looseObject({
  format: z.literal(1),
  generation: z.number().int().nonnegative(),
  marker: z.object({ name: z.string().min(1), value: z.string().min(1) }),
  /** Absent between the decision to spawn and the pid being known, and after a clean end. */
  child: z.object({ pid: z.number().int().positive(), startTime: z.string().min(1) }).optional(),
  /** False once the child and everything it left behind are gone. */
  live: z.boolean(),
});

/** Which child we started last, so that a successor of ours can end it. */
export type ChildRecord = z.infer<typeof recordSchema>;

/** What a record file held. `damaged` says why it could not be understood; nothing is reaped from such a file. */
export type ReadRecord = { record: ChildRecord } | { missing: true } | { damaged: string };

export function readRecord(file: string): ReadRecord {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { missing: true };
    throw error;
  }
  try {
    return { record: recordSchema.parse(JSON.parse(text)) };
  } catch (error) {
    return { damaged: error instanceof SyntaxError ? error.message : "not a child record" };
  }
}

/**
 * Writes the record so that it survives a power cut: temporary file, fsync, rename, fsync of the directory.
 * Throws the file system's error; the former record then still stands.
 */
export function writeRecord(file: string, record: ChildRecord): void {
  const temp = `${file}.tmp`;
  try {
    const fd = fs.openSync(temp, "w", 0o600);
    try {
      writeAll(fd, Buffer.from(`${JSON.stringify(record)}\n`));
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temp, file);
  } catch (error) {
    fs.rmSync(temp, { force: true });
    throw error;
  }
  syncDirectory(path.dirname(file));
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += fs.writeSync(fd, bytes, at, bytes.length - at);
}

function syncDirectory(directory: string): void {
  const fd = fs.openSync(directory, "r");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
