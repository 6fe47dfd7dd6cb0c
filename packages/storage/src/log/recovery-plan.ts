import type { SegmentHeader } from "./segment-header.ts";
import type { SegmentScan } from "./segment-scan.ts";
import type { LogGap } from "./types.ts";

export type RecoveryPlan =
  | { kind: "refuse"; offset: number; fault: string }
  | {
      kind: "go";
      /** Bytes of an unfinished or, after a power loss, invalid end that are cut off. */
      cutBytes: number;
      /** Numbers that may have been seen and are not stored. */
      gap?: LogGap;
      /** A new segment begins with this number; undefined: go on in the one that is there. */
      rollTo?: number;
      /** The clean-stop mark stays in the segment, which is sealed: cutting it first could cost a needless gap. */
      keepsTrailer: boolean;
    };

/**
 * What opening does with the active segment. Pure.
 *
 * | end of the segment | same boot | other boot |
 * |---|---|---|
 * | clean-stop mark | go on at last + 1 | new segment at last + 1 |
 * | whole lines, or one unfinished | cut, go on at last + 1 | cut, new segment at ceiling + 1, gap |
 * | invalid line, nothing intact behind it | refuse | cut, new segment at ceiling + 1, gap |
 * | invalid line, intact lines behind it | refuse | refuse |
 * | ends before the marked head (somebody cut the file) | new segment at ceiling + 1, gap | the same |
 *
 * A crash of the process alone leaves whole lines and at most one unfinished one. A power loss may leave anything behind
 * the last synced byte, but then nothing intact follows. All else is damage and never shortened.
 */
export function planRecovery(o: {
  scan: SegmentScan;
  header: SegmentHeader;
  /** Size of the file. */
  bytes: number;
  /** This boot of the kernel. */
  bootId: string;
  /** Head as `events.head` has it; 0 when it is not known. */
  markedHead: number;
}): RecoveryPlan {
  const { bad, lastSeq, end, isClean } = o.scan;
  const isSameBoot = o.header.bootId === o.bootId;
  if (bad?.kind === "invalid" && (isSameBoot || bad.isFollowedByIntact)) {
    return { kind: "refuse", offset: bad.offset, fault: bad.fault };
  }
  const cutBytes = bad === undefined ? 0 : o.bytes - end;
  const needsGap = o.markedHead > lastSeq || (!isSameBoot && !isClean);
  if (needsGap) {
    const gap = { from: lastSeq + 1, to: o.header.ceiling };
    return { kind: "go", cutBytes, gap, rollTo: o.header.ceiling + 1, keepsTrailer: false };
  }
  if (isSameBoot) return { kind: "go", cutBytes, keepsTrailer: false };
  return { kind: "go", cutBytes, rollTo: lastSeq + 1, keepsTrailer: true };
}
