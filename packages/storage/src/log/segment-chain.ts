import fs from "node:fs";
import path from "node:path";
import { LogDamagedError } from "./errors.ts";
import { fsyncDir } from "./file-io.ts";
import { headMarkFile } from "./head-mark.ts";
import { listSegments, readHeader, type LogPaths, type OpenedHeader, type SealedSegment } from "./segment-files.ts";

export interface SegmentChain {
  sealed: SealedSegment[];
  active: OpenedHeader;
}

/**
 * Reads the headers of all segments and checks that they are one unbroken chain of one log. Undefined when the directory
 * holds no log yet. With `repair`, an interrupted roll is finished and leftovers are removed.
 * Throws LogDamagedError naming the first file that is wrong or missing.
 */
export function openChain(paths: LogPaths, o: { repair: boolean }): SegmentChain | undefined {
  const { sealed: firstSeqs, orphans } = listSegments(paths.dir);
  const activeFile = findActive(paths, firstSeqs, o.repair);
  if (o.repair) for (const file of orphans) fs.rmSync(file, { force: true });
  if (activeFile === undefined) return undefined;
  const files = firstSeqs.map((firstSeq) => ({ firstSeq, file: paths.sealed(firstSeq) }));
  const opened = files.map(({ firstSeq, file }) => ({ firstSeq, file, ...readHeader(file) }));
  const active = readHeader(activeFile);
  const all = [...opened, { firstSeq: active.header.firstSeq, file: activeFile, ...active }];
  all.forEach((segment, index) => {
    const fault = chainFault(segment, all[index - 1], active.header.logId);
    if (fault !== undefined) throw new LogDamagedError({ file: segment.file, offset: 0, fault });
  });
  const sealed = opened.map(({ file, header, headerEnd, bytes }, index): SealedSegment => {
    const after = all[index + 1]!.header;
    return { file, header, headerEnd, bytes, lastSeq: after.previous!.lastSeq, endedAt: after.at };
  });
  return { sealed, active };
}

/** The file that is, or after finishing a roll becomes, the active segment. */
function findActive(paths: LogPaths, sealed: readonly number[], repair: boolean): string | undefined {
  const hasNext = fs.existsSync(paths.next);
  if (fs.existsSync(paths.active)) {
    // Nothing was ever appended to a next segment: the roll did not happen and is done again.
    if (hasNext && repair) fs.rmSync(paths.next);
    return paths.active;
  }
  const last = sealed.at(-1);
  if (last !== undefined && hasNext && readHeader(paths.next).header.previous?.firstSeq === last) {
    if (!repair) return paths.next;
    fs.renameSync(paths.next, paths.active);
    fsyncDir(paths.dir);
    return paths.active;
  }
  if (last !== undefined || fs.existsSync(headMarkFile(paths.dir))) {
    throw new LogDamagedError({ file: paths.active, offset: 0, fault: "the active segment is missing" });
  }
  return undefined;
}

type Link = OpenedHeader & { firstSeq: number; file: string };

function chainFault(segment: Link, before: Link | undefined, logId: string): string | undefined {
  const { header } = segment;
  if (header.logId !== logId) return `it belongs to log ${header.logId}, not to ${logId}`;
  if (header.firstSeq !== segment.firstSeq) return `its header says that it begins with ${header.firstSeq}`;
  if (before === undefined) return undefined;
  const { previous } = header;
  if (previous?.firstSeq !== before.firstSeq) {
    const missing =
      previous === null ? "it calls itself the first segment" : `events.${previous.firstSeq}.jsonl is missing`;
    return `${missing}; ${path.basename(before.file)} is not the segment before it`;
  }
  const isInOrder = previous.lastSeq >= before.firstSeq && previous.lastSeq <= before.header.ceiling;
  return isInOrder && header.firstSeq > previous.lastSeq
    ? undefined
    : "its numbers do not follow the segment before it";
}
