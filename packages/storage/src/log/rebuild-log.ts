import fs from "node:fs";
import path from "node:path";
import { fsyncDir, writeAll } from "./file-io.ts";
import { NEWLINE } from "./line.ts";
import type { RebuildPlan } from "./rebuild-plan.ts";
import { encodeBatch } from "./record.ts";
import { logPaths, writeNextSegment } from "./segment-files.ts";
import { encodeHeader } from "./segment-header.ts";
import type { SegmentScan } from "./segment-scan.ts";
import type { LogRecordInput } from "./types.ts";

/**
 * Carries the plan out. `records` (behind the gap's own event) are in the new segment before it takes its place, so
 * that they are there whenever the log can be opened again. What is taken out of the log goes to `asideDir` first.
 * May be repeated after a crash with a new plan. Throws what `fs` throws.
 */
export function rebuildLog(
  dir: string,
  plan: RebuildPlan,
  o: { asideDir: string; bootId: string; at: string; records: readonly LogRecordInput[] },
): void {
  const paths = logPaths(dir);
  const { logId, firstSeq, previous, gap, tail } = plan;
  const line = encodeHeader({ logId, firstSeq, bootId: o.bootId, at: o.at, previous });
  const first = gap === undefined ? [] : [{ type: "log.gap", at: o.at, data: gap }];
  moveAside([paths.next], o.asideDir);
  writeNextSegment(paths, Buffer.concat([line, encodeBatch([...first, ...o.records], firstSeq).buffer]));
  const front = tail !== undefined && tail.scan.lastSeq >= tail.header.firstSeq ? tail : undefined;
  if (front !== undefined) {
    const sealed = paths.sealed(front.header.firstSeq);
    moveAside([sealed], o.asideDir);
    copyFront(front, sealed);
  }
  if (fs.existsSync(paths.active)) copyDurable(paths.active, path.join(o.asideDir, path.basename(paths.active)));
  fsyncDir(o.asideDir);
  fsyncDir(dir);
  fs.renameSync(paths.next, paths.active);
  fsyncDir(dir);
  // Last: until the new segment stands, everything that can still be read is in its place.
  const fronted = front === undefined ? undefined : paths.sealed(front.header.firstSeq);
  moveAside(
    plan.aside.filter((file) => file !== fronted),
    o.asideDir,
  );
  fsyncDir(dir);
}

function moveAside(files: readonly string[], asideDir: string): void {
  for (const file of files.filter((each) => fs.existsSync(each)))
    fs.renameSync(file, path.join(asideDir, path.basename(file)));
  fsyncDir(asideDir);
}

/** The whole front of the active segment becomes a sealed one. */
function copyFront(tail: { file: string; scan: SegmentScan }, to: string): void {
  const { end, lacksNewline } = tail.scan;
  const temp = `${to}.tmp`;
  fs.copyFileSync(tail.file, temp);
  const fd = fs.openSync(temp, "r+");
  try {
    fs.fchmodSync(fd, 0o600);
    fs.ftruncateSync(fd, end);
    if (lacksNewline) writeAll(fd, Buffer.from([NEWLINE]), end - 1);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  fs.renameSync(temp, to);
}

function copyDurable(from: string, to: string): void {
  fs.copyFileSync(from, to);
  const fd = fs.openSync(to, "r+");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
