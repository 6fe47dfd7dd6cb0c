import type { EventSource } from "@baa/http";
import type { EventLog } from "@baa/storage";
import type { Core } from "../core.ts";
import { turnView } from "../registry/registries.ts";

/**
 * The log as the feed reads it. While data is damaged there is none: readers are refused then (`admit` in app.ts), and
 * the source is empty.
 */
export const eventSource = (core: () => Core | undefined): EventSource => {
  const log = (): EventLog | undefined => core()?.journal.log;
  return {
    get logId() {
      return log()?.logId ?? "none";
    },
    oldest: () => log()?.oldest() ?? 1,
    head: () => log()?.head() ?? 0,
    read: (after, limit) => log()?.read(after, limit) ?? { frames: [], lastSeq: after },
    onAppend: (listener) => log()?.onAppend(listener) ?? (() => {}),
    snapshot: () => snapshotOf(core()),
  };
};

/** What a reader without a usable cursor must know: turns in progress, and approvals that wait. */
const snapshotOf = (core: Core | undefined): unknown => {
  if (!core) return { asOfSeq: 0, openTurns: [], pendingApprovals: [] };
  const { registries, log } = core.journal;
  return {
    asOfSeq: log.head(),
    openTurns: registries.turns.open().map(turnView),
    pendingApprovals: core.approvals.pending(),
  };
};
