import { setImmediate as nextTurn } from "node:timers/promises";
import type { ResetFrame } from "@baa/contracts";
import type { Frame } from "@baa/storage";
import { resetFrame } from "./cursor.ts";
import type { ResetInput } from "./cursor.ts";
import type { EventSource } from "./event-source.ts";
import type { Filter } from "./filter.ts";
import type { FeedLimits } from "./limits.ts";

export interface PageOptions {
  readonly source: EventSource;
  readonly filter: Filter;
  readonly after: number;
  readonly reset: ResetInput | undefined;
  readonly limit: number;
  readonly waitMs: number;
  readonly limits: FeedLimits;
  readonly signal: AbortSignal;
}

interface Collected {
  readonly frames: Frame[];
  after: number;
  bytes: number;
  reads: number;
}

/**
 * One JSON page of the feed as text. It may hold fewer events than `limit` (a byte limit, a bounded number
 * of reads); `nextAfter` counts what the filter left out, so asking again always goes on.
 */
export async function readPage(o: PageOptions): Promise<Buffer> {
  const { source } = o;
  const page: Collected = { frames: [], after: o.after, bytes: 0, reads: 0 };
  let reset = o.reset === undefined ? undefined : resetFrame(source, o.reset, o.after);
  const untilMs = performance.now() + o.waitMs;
  for (;;) {
    const start = source.oldest() - 1;
    if (page.after < start) {
      // Retention passed us while we waited. What was read already goes out; the next page begins with the reset.
      if (page.frames.length > 0) break;
      reset = resetFrame(source, { from: page.after, reason: "too_old" }, start);
      page.after = start;
    }
    if (isFull(page, o) || o.signal.aborted) break;
    if (page.after < source.head() && readMore(page, o)) {
      await nextTurn();
      continue;
    }
    const leftMs = untilMs - performance.now();
    if (page.frames.length > 0 || leftMs <= 0 || page.after < source.head()) break;
    await appended(source, page.after, { timeoutMs: leftMs, signal: o.signal });
  }
  return encodePage(source, page, reset);
}

const isFull = (page: Collected, o: PageOptions): boolean =>
  page.frames.length >= o.limit || page.bytes >= o.limits.pageBytesMax || page.reads >= o.limits.pageReadsMax;

/** One read; false when it did not get any further. */
function readMore(page: Collected, o: PageOptions): boolean {
  const result = o.source.read(page.after, {
    maxRecords: Math.min(o.limit - page.frames.length, o.limits.batchRecordsMax),
    maxBytes: Math.min(o.limits.pageBytesMax - page.bytes, o.limits.batchBytesMax),
    ...(o.filter.match === undefined ? {} : { match: o.filter.match }),
  });
  for (const frame of result.frames) {
    page.frames.push(frame);
    page.bytes += frame.bytes.length;
  }
  page.reads += 1;
  const moved = result.lastSeq > page.after;
  page.after = Math.max(page.after, result.lastSeq);
  return moved;
}

/** Resolves when there is something after `after`, at the deadline, or when nobody waits any more. */
function appended(source: EventSource, after: number, o: { timeoutMs: number; signal: AbortSignal }): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      unsubscribe();
      o.signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, o.timeoutMs);
    const unsubscribe = source.onAppend(done);
    o.signal.addEventListener("abort", done);
    if (o.signal.aborted || source.head() > after) done();
  });
}

const COMMA = Buffer.from(",");

function encodePage(source: EventSource, page: Collected, reset: ResetFrame | undefined): Buffer {
  const parts: Uint8Array[] = [Buffer.from('{"events":[')];
  for (const [index, frame] of page.frames.entries()) {
    if (index > 0) parts.push(COMMA);
    parts.push(frame.bytes);
  }
  const rest = {
    nextAfter: page.after,
    headSeq: source.head(),
    oldestSeq: source.oldest(),
    logId: source.logId,
    ...(reset === undefined ? {} : { reset }),
  };
  parts.push(Buffer.from(`],${JSON.stringify(rest).slice(1)}`));
  return Buffer.concat(parts);
}
