import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { LogDamagedError } from "./errors.ts";
import { readHeadMark } from "./head-mark.ts";
import { planRecovery } from "./recovery-plan.ts";
import { listSegments, logPaths, type OpenedHeader, readHeader } from "./segment-files.ts";
import { SEGMENT_RECORDS_MAX } from "./segment-header.ts";
import { scanSegment, type SegmentScan } from "./segment-scan.ts";
import { readStoredLog } from "./stored-log.ts";
import type { LogGap } from "./types.ts";

type Scanned = OpenedHeader & { file: string; scan: SegmentScan };

/** How a damaged log goes on: what stays readable in it, and the number of the next event. */
export interface RebuildPlan {
  logId: string;
  /** Number of the first event of the new active segment; everything given out so far is below it. */
  firstSeq: number;
  /** Number of the oldest event that stays in the log; `firstSeq` when none does. */
  oldestSeq: number;
  /** Numbers that are not stored any more, or never were, just before `firstSeq`. */
  gap?: LogGap;
  /** Sealed segments that stay where they are: whole, and one chain up to the active one. */
  keep: string[];
  /** Files that are moved away. The active segment is copied, and its whole front stays. */
  aside: string[];
  /** The active segment, when its header can be read. */
  tail?: { file: string; header: OpenedHeader["header"]; scan: SegmentScan };
  previous: { firstSeq: number; lastSeq: number } | null;
}

export interface PlanRebuildOptions {
  /** This boot of the kernel. */
  bootId: string;
  /** The highest number that anything beside the log (a checkpoint) has seen. */
  knownSeq: number;
  /** Which log it is when no segment says so. */
  logId?: string | undefined;
}

/**
 * Decides how a damaged log goes on under its own id without giving a number out twice. Kept is the longest whole end
 * of it: the sealed segments that form one chain with the active one, and the whole front of that. Changes nothing.
 */
export function planRebuild(dir: string, o: PlanRebuildOptions): RebuildPlan {
  const paths = logPaths(dir);
  const names = listSegments(dir).sealed;
  const sealed = names.map((firstSeq) => tryScan(paths.sealed(firstSeq)));
  const tail = fs.existsSync(paths.active) ? tryScan(paths.active) : undefined;
  const logId = newestOf(sealed, tail)?.header.logId ?? o.logId;
  const kept = keptChain(sealed, names, tail, logId);
  const lastKept = tail?.scan.lastSeq ?? kept.at(-1)?.scan.lastSeq ?? 0;
  const firstSeq = nextSeq(dir, { ...o, tail, names, lastKept, logId });
  const previous = previousOf(tail, kept);
  return {
    logId: logId ?? `log_${randomBytes(16).toString("hex")}`,
    firstSeq,
    oldestSeq: kept[0]?.header.firstSeq ?? previous?.firstSeq ?? firstSeq,
    ...(firstSeq > lastKept + 1 ? { gap: { from: lastKept + 1, to: firstSeq - 1 } } : {}),
    keep: kept.map(({ file }) => file),
    aside: names.map((seq) => paths.sealed(seq)).filter((file) => !kept.some((each) => each.file === file)),
    ...(tail && { tail }),
    previous,
  };
}

function newestOf(sealed: readonly (Scanned | undefined)[], tail: Scanned | undefined): Scanned | undefined {
  return tail ?? sealed.findLast((each) => each !== undefined);
}

/** The next number: behind everything that may have been given out, unless the active segment is simply gone on in. */
function nextSeq(
  dir: string,
  o: PlanRebuildOptions & { tail: Scanned | undefined; names: readonly number[]; lastKept: number },
): number {
  const { tail, knownSeq, logId, bootId } = o;
  const survivors = readStoredLog(dir, { onRecord: () => undefined });
  const markedHead = logId === undefined ? 0 : readHeadMark(dir, logId);
  const known = Math.max(knownSeq, survivors.lastSeq, markedHead, tail?.scan.lastSeq ?? 0);
  if (tail === undefined) return unreadableCeiling(known, o.names) + 1;
  return isUntouched(tail, { bootId, markedHead, knownSeq })
    ? o.lastKept + 1
    : Math.max(tail.header.ceiling, known) + 1;
}

function tryScan(file: string): Scanned | undefined {
  let opened: OpenedHeader;
  try {
    opened = readHeader(file);
  } catch (error) {
    if (!(error instanceof LogDamagedError)) throw error;
    return undefined;
  }
  const fd = fs.openSync(file, "r");
  try {
    const scan = scanSegment(fd, opened.header, { from: opened.headerEnd, to: opened.bytes });
    return { file, ...opened, scan };
  } finally {
    fs.closeSync(fd);
  }
}

/** The longest end of the sealed segments that is whole and leads up to the active one without a break. */
function keptChain(
  sealed: readonly (Scanned | undefined)[],
  names: readonly number[],
  tail: Scanned | undefined,
  logId: string | undefined,
): Scanned[] {
  const kept: Scanned[] = [];
  // Without a readable active segment nobody says where the last sealed one ends; that it is whole must do.
  let wanted: "any" | RebuildPlan["previous"] = tail === undefined ? "any" : tail.header.previous;
  for (let index = sealed.length - 1; index >= 0 && wanted !== null; index -= 1) {
    const segment = sealed[index];
    // The front of the active segment, copied by an attempt that did not come to its end.
    if (names[index] === tail?.header.firstSeq) continue;
    if (segment === undefined || segment.header.firstSeq !== names[index] || segment.header.logId !== logId) break;
    const { scan, header } = segment;
    const isWhole = scan.bad === undefined && !scan.lacksNewline && scan.lastSeq >= header.firstSeq;
    const fits = wanted === "any" || (wanted.firstSeq === header.firstSeq && wanted.lastSeq === scan.lastSeq);
    if (!isWhole || !fits) break;
    kept.unshift(segment);
    wanted = header.previous;
  }
  return kept;
}

/** Above every number that an active segment without a readable header can have given out. */
function unreadableCeiling(known: number, sealedSeqs: readonly number[]): number {
  const sealedCeiling = (sealedSeqs.at(-1) ?? 0) + SEGMENT_RECORDS_MAX;
  return Math.max(known, sealedCeiling) + SEGMENT_RECORDS_MAX;
}

/** The damage is elsewhere: an ordinary open would go on in this segment without a gap. */
function isUntouched(tail: Scanned, o: { bootId: string; markedHead: number; knownSeq: number }): boolean {
  const { scan, header, bytes } = tail;
  const plan = planRecovery({ scan, header, bytes, bootId: o.bootId, markedHead: o.markedHead });
  return plan.kind === "go" && plan.gap === undefined && o.knownSeq <= scan.lastSeq;
}

function previousOf(tail: Scanned | undefined, kept: readonly Scanned[]): RebuildPlan["previous"] {
  const last = tail !== undefined && tail.scan.lastSeq >= tail.header.firstSeq ? tail : kept.at(-1);
  return last === undefined ? null : { firstSeq: last.header.firstSeq, lastSeq: last.scan.lastSeq };
}
