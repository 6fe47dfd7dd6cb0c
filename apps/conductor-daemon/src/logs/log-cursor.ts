import { LOG_SOURCES, type LogSourceName } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import type { SourcePlace } from "./log-source.ts";

export type LogOrder = "oldest" | "newest";

/** `oldest`: everything up to each place has been read. `newest`: everything from each place on has. */
export interface LogCursor {
  readonly order: LogOrder;
  readonly places: ReadonlyMap<LogSourceName, SourcePlace>;
}

const PLACE = /^([a-z]+)\.([A-Za-z0-9_-]{1,64})\.([0-9]{1,15})$/;

/** `oldest~codexd.<logId>.<seq>~conductor.<logId>.<seq>`: characters that stand in a URL as they are. */
export const formatCursor = ({ order, places }: LogCursor): string =>
  [order, ...[...places].map(([source, { logId, seq }]) => `${source}.${logId}.${seq}`)].join("~");

/** @throws ProblemError bad_cursor */
export const parseLogCursor = (text: string): LogCursor => {
  const [order, ...rest] = text.split("~");
  if (order !== "oldest" && order !== "newest") throw wrong();
  const places = new Map<LogSourceName, SourcePlace>();
  for (const part of rest) {
    const [, source, logId, seq] = PLACE.exec(part) ?? [];
    const name = LOG_SOURCES.find((known) => known === source);
    if (name === undefined || logId === undefined || places.has(name)) throw wrong();
    places.set(name, { logId, seq: Number(seq) });
  }
  return { order, places };
};

const wrong = (): ProblemError => new ProblemError("bad_cursor", "expected a nextCursor or followCursor of /v1/logs");
