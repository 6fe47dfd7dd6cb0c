import fs from "node:fs";
import path from "node:path";
import { LogDamagedError } from "./errors.ts";
import { readHeadMark } from "./head-mark.ts";
import { openChain } from "./segment-chain.ts";
import { listSegments, logPaths, readHeader, type OpenedHeader } from "./segment-files.ts";
import { scanSegment, sealedFault, type SegmentScan } from "./segment-scan.ts";
import type { LogDamage } from "./types.ts";

export interface SegmentReport {
  file: string;
  firstSeq: number;
  /** Last readable record in front of any damage. */
  lastSeq: number;
  bytes: number;
}

export interface LogReport {
  logId?: string;
  /** Ascending; the active segment is the last one. Segments without a readable header are only in `damage`. */
  segments: SegmentReport[];
  records: number;
  /** The log was closed in order. */
  isClean: boolean;
  /** Bytes of an unfinished last line, which the next open cuts. */
  tornBytes: number;
  /** Head as it was last marked, 0 when unknown. Above the last record: somebody cut the file, or power was lost. */
  markedHead: number;
  damage: LogDamage[];
}

type Found = OpenedHeader & { file: string };

/**
 * Reads every byte of the log in `dir` and reports what it holds and what is damaged; changes nothing and never throws
 * for damage. Of a log in use the last line may be reported as torn.
 */
export async function verifyLog(dir: string): Promise<LogReport> {
  const paths = logPaths(dir);
  const report: LogReport = { segments: [], records: 0, isClean: false, tornBytes: 0, markedHead: 0, damage: [] };
  note(report, () => openChain(paths, { repair: false }));
  const files = [...listSegments(dir).sealed.map((firstSeq) => paths.sealed(firstSeq)), paths.active];
  const found: Found[] = [];
  for (const file of files.filter((name) => fs.existsSync(name))) {
    note(report, () => found.push({ file, ...readHeader(file) }));
  }
  for (const [index, segment] of found.entries()) {
    await new Promise((resolve) => setImmediate(resolve));
    verifySegment(report, segment, found[index + 1]);
  }
  const logId = found.at(-1)?.header.logId;
  return logId === undefined ? report : { ...report, logId, markedHead: readHeadMark(dir, logId) };
}

function verifySegment(report: LogReport, segment: Found, after: Found | undefined): void {
  const { file, header, headerEnd, bytes } = segment;
  const fd = fs.openSync(file, "r");
  let scan: SegmentScan;
  try {
    scan = scanSegment(fd, header, { from: headerEnd, to: bytes });
  } finally {
    fs.closeSync(fd);
  }
  report.segments.push({ file, firstSeq: header.firstSeq, lastSeq: scan.lastSeq, bytes });
  report.records += scan.lastSeq - header.firstSeq + 1;
  const isActive = path.basename(file) === "events.jsonl";
  if (isActive) {
    report.isClean = scan.isClean && scan.bad === undefined;
    if (scan.bad?.kind === "torn") report.tornBytes = bytes - scan.end;
    else if (scan.bad !== undefined) add(report, { file, offset: scan.bad.offset, fault: scan.bad.fault });
    return;
  }
  const { previous } = after?.header ?? {};
  const lastSeq = previous?.firstSeq === header.firstSeq ? previous.lastSeq : scan.lastSeq;
  const fault = sealedFault(scan, lastSeq);
  if (fault !== undefined) add(report, { file, ...fault });
}

function note(report: LogReport, look: () => unknown): void {
  try {
    look();
  } catch (error) {
    if (!(error instanceof LogDamagedError)) throw error;
    add(report, { file: error.file, offset: error.offset, fault: error.fault });
  }
}

function add(report: LogReport, damage: LogDamage): void {
  const isKnown = report.damage.some((known) => known.file === damage.file && known.offset === damage.offset);
  if (!isKnown) report.damage.push(damage);
}
