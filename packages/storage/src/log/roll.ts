import fs from "node:fs";
import { ActiveSegment } from "./active-segment.ts";
import { fsyncDir } from "./file-io.ts";
import { encodeBatch } from "./record.ts";
import { swapSegments, writeNextSegment, type LogPaths, type SealedSegment } from "./segment-files.ts";
import { decodeHeader, encodeHeader } from "./segment-header.ts";
import { emptyIndex, indexRecord, writeIndex } from "./segment-index.ts";
import type { LogGap } from "./types.ts";

/**
 * Seals the active segment, whose records must be synced, and begins the next one at `firstSeq`; with `gap` its first
 * record is `log.gap`, in the file before the file has its name. An empty active segment is replaced instead of sealed.
 * The caller closes the former file. Throws what `fs` throws; until the last rename nothing has changed then.
 */
export function rollSegment(
  paths: LogPaths,
  from: ActiveSegment,
  o: { firstSeq: number; bootId: string; at: string; gap?: LogGap },
): { active: ActiveSegment; sealed?: SealedSegment } {
  const { header, lastSeq } = from;
  const isEmpty = lastSeq < header.firstSeq;
  const previous = isEmpty ? header.previous : { firstSeq: header.firstSeq, lastSeq };
  const line = encodeHeader({ logId: header.logId, firstSeq: o.firstSeq, bootId: o.bootId, at: o.at, previous });
  const gap = o.gap === undefined ? [] : [{ type: "log.gap", at: o.at, data: o.gap }];
  const content = Buffer.concat([line, encodeBatch(gap, o.firstSeq).buffer]);
  writeNextSegment(paths, content);
  if (isEmpty) replaceActive(paths);
  else swapSegments(paths, paths.sealed(header.firstSeq));

  const active = openBegun(paths, { line, content, hasGap: gap.length > 0 });
  if (isEmpty) return { active };
  const bytes = from.size;
  const file = paths.sealed(header.firstSeq);
  writeIndex(paths.index(header.firstSeq), from.index, { firstSeq: header.firstSeq, lastSeq, bytes });
  return { active, sealed: { file, header, headerEnd: from.headerEnd, lastSeq, endedAt: o.at, bytes } };
}

function replaceActive(paths: LogPaths): void {
  fs.renameSync(paths.next, paths.active);
  fsyncDir(paths.dir);
}

function openBegun(paths: LogPaths, o: { line: Buffer; content: Buffer; hasGap: boolean }): ActiveSegment {
  const decoded = decodeHeader(o.line.subarray(0, -1));
  if ("fault" in decoded) throw new Error(decoded.fault);
  const { header } = decoded;
  const headerEnd = o.line.length;
  const index = emptyIndex();
  if (o.hasGap) indexRecord(index, header.firstSeq, headerEnd, undefined);
  const lastSeq = header.firstSeq - (o.hasGap ? 0 : 1);
  const fd = fs.openSync(paths.active, "r+");
  return new ActiveSegment({ file: paths.active, header, headerEnd, fd, index, size: o.content.length, lastSeq });
}
