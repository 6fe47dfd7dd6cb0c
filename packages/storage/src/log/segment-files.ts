import fs from "node:fs";
import path from "node:path";
import { fsyncDir, readUpTo, writeAll } from "./file-io.ts";
import { LogDamagedError } from "./errors.ts";
import { NEWLINE } from "./line.ts";
import { decodeHeader, type SegmentHeader } from "./segment-header.ts";

/** Longer than any header; a first line that does not end within it is damaged. */
const HEADER_BYTES_MAX = 4096;
const SEALED = /^events\.(\d+)\.jsonl$/;
const LEFTOVER = /^events\.(\d+)\.(?:idx(\.tmp)?|(rewrite))$/;

export interface LogPaths {
  dir: string;
  active: string;
  /** The segment being begun; it takes the name of the active one as the last step of a roll. */
  next: string;
  sealed(firstSeq: number): string;
  index(firstSeq: number): string;
  /** A sealed segment being written again; it takes that one's name as the last step. */
  rewrite(firstSeq: number): string;
}

export function logPaths(dir: string): LogPaths {
  return {
    dir,
    active: path.join(dir, "events.jsonl"),
    next: path.join(dir, "events.next.jsonl"),
    sealed: (firstSeq) => path.join(dir, `events.${firstSeq}.jsonl`),
    index: (firstSeq) => path.join(dir, `events.${firstSeq}.idx`),
    rewrite: (firstSeq) => path.join(dir, `events.${firstSeq}.rewrite`),
  };
}

/** A segment that takes no more records. */
export interface SealedSegment {
  file: string;
  header: SegmentHeader;
  /** Offset in bytes of the first record. */
  headerEnd: number;
  /** From the header of the segment after it. */
  lastSeq: number;
  /** RFC 3339 time at which the next segment was begun. */
  endedAt: string;
  bytes: number;
}

export interface OpenedHeader {
  header: SegmentHeader;
  headerEnd: number;
  bytes: number;
}

/** Reads and checks the first line of a segment. Throws LogDamagedError. */
export function readHeader(file: string): OpenedHeader {
  const fd = fs.openSync(file, "r");
  try {
    const buffer = Buffer.alloc(HEADER_BYTES_MAX);
    const filled = readUpTo(fd, buffer, 0, buffer.length, 0);
    const end = buffer.subarray(0, filled).indexOf(NEWLINE);
    const read = end < 0 ? { fault: "the segment's header is cut off" } : decodeHeader(buffer.subarray(0, end));
    if ("fault" in read) throw new LogDamagedError({ file, offset: 0, fault: read.fault });
    return { header: read.header, headerEnd: end + 1, bytes: fs.fstatSync(fd).size };
  } finally {
    fs.closeSync(fd);
  }
}

/** First numbers of the sealed segments in `dir`, ascending, and leftovers: index files of none, unfinished files. */
export function listSegments(dir: string): { sealed: number[]; orphans: string[] } {
  const names = fs.readdirSync(dir);
  const sealed = names
    .map((name) => SEALED.exec(name))
    .filter((match) => match !== null)
    .map((match) => Number(match[1]))
    .sort((a, b) => a - b);
  const known = new Set(sealed);
  const orphans = names.filter((name) => {
    const match = LEFTOVER.exec(name);
    if (match === null) return false;
    return match[2] !== undefined || match[3] !== undefined || !known.has(Number(match[1]));
  });
  return { sealed, orphans: orphans.map((name) => path.join(dir, name)) };
}

/** Writes the next segment beside the active one, durable and whole before it has its name. Throws what `fs` throws. */
export function writeNextSegment(paths: LogPaths, content: Buffer): void {
  const fd = fs.openSync(paths.next, "w", 0o600);
  try {
    writeAll(fd, content, 0);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  fsyncDir(paths.dir);
}

/**
 * Gives the active segment its sealed name and the next one the active name. The directory is synced between the two, so
 * that no crash can leave the second rename without the first (it would replace the active segment).
 */
export function swapSegments(paths: LogPaths, sealedFile: string): void {
  fs.renameSync(paths.active, sealedFile);
  try {
    fsyncDir(paths.dir);
    fs.renameSync(paths.next, paths.active);
  } catch (error) {
    fs.renameSync(sealedFile, paths.active);
    throw error;
  }
  fsyncDir(paths.dir);
}
