import type { LogEntry } from "@baa/contracts";
import type { LogOrder } from "./log-cursor.ts";
import type { SourceReader } from "./source-reader.ts";

/** Bytes of entries in one page, about; at least one entry is in it. */
const PAGE_BYTES_MAX = 8 * 1024 * 1024;

/**
 * Merges readers by `(at, source, seq)`, each in its own order. It ends when a reader that has more cannot show it now:
 * going on without it would put its entries in the wrong place.
 */
export async function mergeEntries(
  readers: readonly SourceReader[],
  o: { order: LogOrder; limit: number },
): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for (let bytes = 0; entries.length < o.limit && bytes < PAGE_BYTES_MAX;) {
    const heads = await Promise.all(readers.map(async (reader) => ({ reader, entry: await reader.peek() })));
    if (heads.some(({ reader, entry }) => entry === undefined && reader.hasMore())) break;
    const [next] = heads
      .flatMap(({ reader, entry }) => (entry === undefined ? [] : [{ reader, entry }]))
      .toSorted((a, b) => (o.order === "oldest" ? compare(a.entry, b.entry) : compare(b.entry, a.entry)));
    if (next === undefined) break;
    next.reader.take();
    entries.push(next.entry);
    bytes += JSON.stringify(next.entry).length;
  }
  return entries;
}

const compare = (a: LogEntry, b: LogEntry): number => {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  if (a.source !== b.source) return a.source < b.source ? -1 : 1;
  return a.seq - b.seq;
};
