import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { ActiveSegment } from "./active-segment.ts";
import { LogDamagedError } from "./errors.ts";
import { fsyncDir, writeAll } from "./file-io.ts";
import { readHeadMark } from "./head-mark.ts";
import { NEWLINE } from "./line.ts";
import { planRecovery } from "./recovery-plan.ts";
import { rollSegment } from "./roll.ts";
import { openChain, type SegmentChain } from "./segment-chain.ts";
import { logPaths, writeNextSegment, type LogPaths, type SealedSegment } from "./segment-files.ts";
import { decodeHeader, encodeHeader } from "./segment-header.ts";
import { scanSegment, type SegmentScan } from "./segment-scan.ts";
import type { LogGap } from "./types.ts";

export interface OpenedLog {
  paths: LogPaths;
  logId: string;
  sealed: SealedSegment[];
  active: ActiveSegment;
  /** Numbers that may have been seen and are not stored; `log.gap` has been written. */
  gap?: LogGap;
  /** An unfinished last line was cut; `log.recovered` is still to be written. */
  recovered?: { cutBytes: number };
}

interface OpenOptions {
  dir: string;
  bootId: string;
  now: () => string;
}

/**
 * Opens the log in `dir`, or begins one, and leaves it ready for the next record: the torn end is cut, what was written
 * is synced, and numbers that may have been seen are not given out again. Every step can be interrupted and done again.
 * Throws LogDamagedError when the files are not what a crash or a power loss can leave; nothing is changed then.
 */
export function openLog(o: OpenOptions): OpenedLog {
  fs.mkdirSync(o.dir, { recursive: true, mode: 0o700 });
  const paths = logPaths(o.dir);
  const chain = openChain(paths, { repair: true }) ?? beginLog(paths, o);
  const fd = fs.openSync(paths.active, "r+");
  try {
    return recover(paths, chain, fd, o);
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

function beginLog(paths: LogPaths, o: OpenOptions): SegmentChain {
  const logId = `log_${randomBytes(16).toString("hex")}`;
  const line = encodeHeader({ logId, firstSeq: 1, bootId: o.bootId, at: o.now(), previous: null });
  writeNextSegment(paths, line);
  fs.renameSync(paths.next, paths.active);
  fsyncDir(paths.dir);
  const decoded = decodeHeader(line.subarray(0, -1));
  if ("fault" in decoded) throw new Error(decoded.fault);
  return { sealed: [], active: { header: decoded.header, headerEnd: line.length, bytes: line.length } };
}

function recover(paths: LogPaths, chain: SegmentChain, fd: number, o: OpenOptions): OpenedLog {
  const { header, headerEnd, bytes } = chain.active;
  const scan = scanSegment(fd, header, { from: headerEnd, to: bytes });
  const { logId } = header;
  const plan = planRecovery({ scan, header, bytes, bootId: o.bootId, markedHead: readHeadMark(paths.dir, logId) });
  if (plan.kind === "refuse") throw new LogDamagedError({ file: paths.active, offset: plan.offset, fault: plan.fault });
  if (plan.gap !== undefined && plan.cutBytes > 0) keepCutBytes(paths, fd, scan, bytes);
  if (!plan.keepsTrailer) cutTail(fd, scan, bytes);
  fs.fsyncSync(fd);

  const size = plan.keepsTrailer ? bytes : scan.end;
  const { lastSeq, index } = scan;
  const active = new ActiveSegment({ file: paths.active, header, headerEnd, fd, index, size, lastSeq });
  const found = {
    paths,
    logId,
    ...(plan.gap && { gap: plan.gap }),
    ...(plan.cutBytes > 0 && { recovered: { cutBytes: plan.cutBytes } }),
  };
  if (plan.rollTo === undefined) return { ...found, sealed: chain.sealed, active };
  const at = o.now();
  const rolled = rollSegment(paths, active, {
    firstSeq: plan.rollTo,
    bootId: o.bootId,
    at,
    ...(plan.gap && { gap: plan.gap }),
  });
  fs.closeSync(fd);
  const sealed = rolled.sealed === undefined ? chain.sealed : [...chain.sealed, rolled.sealed];
  return { ...found, sealed, active: rolled.active };
}

/** Cuts everything behind the last valid record and completes a record that only lacks its newline. */
function cutTail(fd: number, scan: SegmentScan, bytes: number): void {
  if (scan.lacksNewline) {
    writeAll(fd, Buffer.from([NEWLINE]), scan.end - 1);
    scan.lacksNewline = false;
  }
  if (bytes > scan.end) fs.ftruncateSync(fd, scan.end);
}

/** What is cut from a log that may have lost records is kept beside it for the operator; best effort. */
function keepCutBytes(paths: LogPaths, fd: number, scan: SegmentScan, bytes: number): void {
  const cut = Buffer.alloc(Math.min(bytes - scan.end, 16_777_216));
  fs.readSync(fd, cut, 0, cut.length, scan.end);
  try {
    fs.writeFileSync(path.join(paths.dir, `events.cut-after-${scan.lastSeq}.bin`), cut, { mode: 0o600 });
  } catch {
    // A full disk must not keep the log from opening.
  }
}
