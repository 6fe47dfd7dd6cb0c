import fs from "node:fs";
import path from "node:path";

const TAIL_BYTES = 64 * 1024;
const LINES_MAX = 200;

/** The end of a log file. */
export interface LogTail {
  readonly file: string;
  readonly bytes: number;
  readonly modifiedAt: string;
  readonly lines: readonly string[];
}

/**
 * The last lines of what the daemons and Codex wrote for people: launchd's files and Codex's stderr. Not the event log:
 * what was said in conversations is nobody else's business.
 */
export const logTails = (logsDir: string): LogTail[] =>
  ["launchd", "codexd"]
    .flatMap((dir) => logFiles(path.join(logsDir, dir)))
    .map(tailOf)
    .filter((tail) => tail !== undefined);

const logFiles = (dir: string): string[] => {
  if (!fs.existsSync(dir)) return [];
  return fs
    .readdirSync(dir)
    .filter((name) => name.endsWith(".log"))
    .toSorted()
    .map((name) => path.join(dir, name));
};

const tailOf = (file: string): LogTail | undefined => {
  try {
    const { size, mtime } = fs.statSync(file);
    const from = Math.max(0, size - TAIL_BYTES);
    const lines = readFrom(file, from, size - from)
      .trimEnd()
      .split("\n");
    // The first one may have lost its beginning, and a secret without its beginning is not known for one.
    const whole = from > 0 ? lines.slice(1) : lines;
    return { file, bytes: size, modifiedAt: mtime.toISOString(), lines: whole.filter(Boolean).slice(-LINES_MAX) };
  } catch {
    return undefined; // rotated away, or not ours to read
  }
};

const readFrom = (file: string, offset: number, length: number): string => {
  const fd = fs.openSync(file, "r");
  try {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, fs.readSync(fd, bytes, 0, length, offset)).toString("utf8");
  } finally {
    fs.closeSync(fd);
  }
};
