import type { LogSourceName } from "@baa/contracts";
import { cursorText, type EntryFilter, sourceFilter } from "./source-reader.ts";
import type { LogSource, SourcePlace } from "./log-source.ts";

/** Milliseconds until a source that is down is asked again. */
const DOWN_RETRY_MS = 2_000;

/** Resolves when a source has something new that may fit, after `waitMs`, or when `signal` aborts; never throws. */
export async function waitForMore(o: {
  readonly sources: readonly LogSource[];
  readonly isDown: (name: LogSourceName) => boolean;
  readonly places: ReadonlyMap<LogSourceName, SourcePlace>;
  readonly filter: EntryFilter;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}): Promise<void> {
  const isPartial = o.sources.some(({ name }) => o.isDown(name));
  const waitMs = Math.ceil(isPartial ? Math.min(o.waitMs, DOWN_RETRY_MS) : o.waitMs);
  const done = new AbortController();
  const signal = AbortSignal.any([o.signal, done.signal]);
  const waits = o.sources
    .filter(({ name }) => !o.isDown(name))
    .map(async (source) => {
      const place = o.places.get(source.name);
      const after = place === undefined ? undefined : cursorText(place);
      await source.page({ ...sourceFilter(o.filter), after, limit: 1, waitMs }, signal);
    });
  const timer = new Promise<void>((resolve) => {
    const timeout = setTimeout(resolve, waitMs);
    signal.addEventListener("abort", () => {
      clearTimeout(timeout);
      resolve();
    });
  });
  // A source that breaks while we wait is found out by the next reading.
  await Promise.race([timer, ...waits.map((wait) => wait.catch(() => undefined))]);
  done.abort();
}
