import type { FeedEvent } from "@baa/contracts";

/** Of an event's data this much is shown to people. */
const DATA_CHARS_MAX = 160;

/** One event in one line: number, time, type, whose it is, and the beginning of its data. */
export const eventLine = (event: FeedEvent): string => {
  const ids = [event.turnId ?? event.sessionId, event.codexRunId, event.approvalId].filter(Boolean);
  const text = JSON.stringify(event.data);
  const data = text.length > DATA_CHARS_MAX ? `${text.slice(0, DATA_CHARS_MAX)}…` : text;
  return [String(event.seq).padStart(7), event.at, event.type.padEnd(20), ...ids, data].join("  ");
};
